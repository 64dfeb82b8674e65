"""`mainstem schedules resume`: let a schedule go on."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, moment, say
from mainstem.cli.schedules.asked import schedule_named
from mainstem.client.recurring import recurrence_of
from mainstem.ledger.schedules import resume_schedule
from mainstem.settings import Settings


@click.command()
@click.argument("schedule")
@json_option
@click.pass_obj
def resume(settings: Settings, schedule: str) -> None:
    """Let SCHEDULE go on from its next time.

    What came round while it was paused is not made up for; `mainstem schedules backfill` does that.

    Example: mainstem schedules resume 'morning report'
    """
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
        following = recurrence_of(found).following(found.now)
        done = did("schedules.resume", found.schedule_id, name=found.name)
        ask(resume_schedule(found.schedule_id, following), done)
    comes = "never comes round again" if following is None else f"comes round next at {moment(following)} UTC"
    say(f"{found.name} {comes}", schedule_id=found.schedule_id, answer="resumed", next_at=following)
