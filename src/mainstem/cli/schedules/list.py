"""`mainstem schedules list`: what is started by itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.client.recurring import recurrence_of
from mainstem.ledger.schedules import Schedule, list_schedules
from mainstem.settings import Settings


@click.command("list")
@click.option("--workflow", help="By its name.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, *, workflow: str | None, limit: int, after: str | None) -> None:
    """Show schedules by name, and when each comes round next.

    Example: mainstem schedules list --workflow report
    """
    with ledger_of(settings) as ask:
        page = ask(list_schedules(workflow=workflow, limit=limit, after=after))
    show(
        (_row(found) for found in page.schedules),
        none="no schedule; `mainstem schedules create` makes one",
    )
    if page.next is not None:
        note(f"more: mainstem schedules list … --after {page.next}", next=page.next)


list = list_  # noqa: A001  (the verb's name)


def _row(found: Schedule) -> dict[str, Any]:
    if wants_json():
        return asdict(found)
    return {
        "schedule": found.name,
        "workflow": found.workflow,
        "comes": str(recurrence_of(found)),
        "": "paused" if found.is_paused else "",
        "next": found.next_at,
        "last": found.last_at,
        "missed": found.missed,
        "overlap": found.overlap,
    }
