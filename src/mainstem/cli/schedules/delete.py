"""`mainstem schedules delete`: end a schedule."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.schedules.asked import schedule_named
from mainstem.ledger.schedules import delete_schedule
from mainstem.settings import Settings


@click.command()
@click.argument("schedule")
@json_option
@click.pass_obj
def delete(settings: Settings, schedule: str) -> None:
    """Delete SCHEDULE; the runs that it began stay.

    One that a workflow's code declares is entered again when a worker with that code starts: pause it instead.

    Example: mainstem schedules delete 'morning report'
    """
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
        ask(delete_schedule(found.schedule_id), did("schedules.delete", found.schedule_id, name=found.name))
    say(f"{found.name} is deleted", schedule_id=found.schedule_id, answer="deleted")
