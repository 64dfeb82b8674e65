"""`mainstem schedules pause`: let a schedule fire nothing."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.schedules.asked import schedule_named
from mainstem.ledger.schedules import pause_schedule
from mainstem.settings import Settings


@click.command()
@click.argument("schedule")
@json_option
@click.pass_obj
def pause(settings: Settings, schedule: str) -> None:
    """Let SCHEDULE fire nothing until it is resumed.

    Example: mainstem schedules pause 'morning report'
    """
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
        ask(pause_schedule(found.schedule_id), did("schedules.pause", found.schedule_id, name=found.name))
    say(f"{found.name} is paused", schedule_id=found.schedule_id, answer="paused")
