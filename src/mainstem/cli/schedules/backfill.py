"""`mainstem schedules backfill`: begin the runs of past times."""

from __future__ import annotations

from datetime import datetime

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say, wants_json
from mainstem.cli.runs.moment import Moment
from mainstem.cli.schedules.asked import schedule_named
from mainstem.client.recurring import past_times
from mainstem.ledger import schedules
from mainstem.settings import Settings


@click.command()
@click.argument("schedule")
@click.option("--since", type=Moment(), required=True, help="From then on: 2026-03-01T00:00Z, or 3d ago.")
@click.option("--before", type=Moment(), default="0s", help="Before then; until now without it.")
@click.option("--yes", is_flag=True, help="Begin them without asking.")
@click.option("--count", "only_count", is_flag=True, help="Only count them.")
@json_option
@click.pass_obj
def backfill(
    settings: Settings, schedule: str, *, since: datetime, before: datetime, yes: bool, only_count: bool
) -> None:
    """Begin the runs of past times of SCHEDULE that have none: it counts them first, and asks.

    \b
    Examples:
      mainstem schedules backfill 'morning report' --since 2026-03-01 --before 2026-03-08 --count
      mainstem schedules backfill 'morning report' --since 1w --yes
    """  # noqa: D301  (click's mark for lines that stay as they are)
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
        times = past_times(found, since, before)
        count = ask(schedules.backfill(found.schedule_id, times))
        if only_count or count == 0 or not (yes or _agrees(found.name, count)):
            say(f"{count} times of {found.name} have no run; nothing begins", count=count, begun=0)
            return
        done = did(
            "schedules.backfill", found.schedule_id, name=found.name, since=since, before=before, count=count
        )
        begun = ask(schedules.backfill(found.schedule_id, times, count), done)
    say(f"{begun} runs of {found.name} begin", count=count, begun=begun)


def _agrees(name: str, count: int) -> bool:
    """A program is not asked: it says --yes."""
    return not wants_json() and click.confirm(f"begin {count} runs of {name}?", err=True)
