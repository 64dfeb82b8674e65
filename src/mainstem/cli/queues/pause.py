"""`mainstem queues pause`: a queue rests."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.queues import pause_queue
from mainstem.settings import Settings


@click.command()
@click.argument("queue")
@json_option
@click.pass_obj
def pause(settings: Settings, queue: str) -> None:
    """Let no worker take anything from QUEUE until it is resumed.

    Example: mainstem queues pause scans
    """
    with ledger_of(settings) as ask:
        ask(pause_queue(queue), did("queues.pause", queue))
    say(f"{queue} is paused", queue=queue, answer="paused")
