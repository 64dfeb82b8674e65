"""`mainstem queues resume`: a queue goes on."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.queues import resume_queue
from mainstem.settings import Settings


@click.command()
@click.argument("queue")
@json_option
@click.pass_obj
def resume(settings: Settings, queue: str) -> None:
    """Let workers take from QUEUE again, within its limits.

    Example: mainstem queues resume scans
    """
    with ledger_of(settings) as ask:
        ask(resume_queue(queue), did("queues.resume", queue))
    say(f"{queue} goes on", queue=queue, answer="resumed")
