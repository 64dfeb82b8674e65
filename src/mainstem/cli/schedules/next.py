"""`mainstem schedules next`: when a schedule comes round."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, show
from mainstem.cli.schedules.asked import schedule_named
from mainstem.client.recurring import next_times
from mainstem.settings import Settings


@click.command("next")
@click.argument("schedule")
@click.option("--count", type=click.IntRange(1, 100), default=10, show_default=True)
@json_option
@click.pass_obj
def next_(settings: Settings, schedule: str, *, count: int) -> None:
    """Show when SCHEDULE comes round next.

    Example: mainstem schedules next 'morning report' --count 3
    """
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
    zone = ZoneInfo(found.zone)
    rows = [{"time": time, "there": time.astimezone(zone).isoformat()} for time in next_times(found, count)]
    show(rows, none=f"{found.name} never comes round again")


next = next_  # noqa: A001  (the verb's name)
