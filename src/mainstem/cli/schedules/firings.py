"""`mainstem schedules firings`: what became of a schedule's times."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.cli.schedules.asked import schedule_named
from mainstem.ledger.schedules import Firing, list_firings
from mainstem.settings import Settings


@click.command()
@click.argument("schedule")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def firings(settings: Settings, schedule: str, *, limit: int, after: str | None) -> None:
    """Show what became of the times of SCHEDULE, latest first.

    Example: mainstem schedules firings 'morning report' --limit 5
    """
    with ledger_of(settings) as ask:
        found = schedule_named(ask, schedule)
        page = ask(list_firings(found.schedule_id, limit=limit, after=after))
    show((_row(firing) for firing in page.firings), none=f"{found.name} has not come round yet")
    if page.next is not None:
        note(f"more: mainstem schedules firings … --after {page.next}", next=page.next)


def _row(firing: Firing) -> dict[str, Any]:
    if wants_json():
        return asdict(firing)
    why = firing.reason if firing.ticks == 1 else f"{firing.reason}, {firing.ticks} times"
    return {
        "time": firing.scheduled_for,
        "outcome": firing.outcome,
        "why": why,
        "run": str(firing.run_id or ""),
        "decided": firing.fired_at,
    }
