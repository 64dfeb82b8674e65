"""`mainstem queues lift`: its limits are taken away."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.ledger.queues import lift_limits
from mainstem.settings import Settings


@click.command()
@click.argument("queue")
@json_option
@click.pass_obj
def lift(settings: Settings, queue: str) -> None:
    """Let QUEUE have no limits, and go on when it is paused.

    Example: mainstem queues lift scans
    """
    with ledger_of(settings) as ask:
        ask(lift_limits(queue), did("queues.lift", queue))
    say(f"{queue} has no limits", queue=queue, answer="lifted")
