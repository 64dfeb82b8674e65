"""`mainstem breakpoints list`: the tenant's breakpoints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.ledger.breakpoints import Breakpoint, list_breakpoints
from mainstem.settings import Settings


@click.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", type=click.UUID, help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, limit: int, after: UUID | None) -> None:
    """Show the tenant's breakpoints, and how often each was hit.

    Example: mainstem breakpoints list --json
    """
    with ledger_of(settings) as ask:
        found = ask(list_breakpoints(limit=limit + 1, after=after))
    show((_row(one) for one in found[:limit]), none="no breakpoints; mainstem breakpoints set WORKFLOW STEP")
    if len(found) > limit:
        last = found[limit - 1].breakpoint_id
        note(f"more: mainstem breakpoints list --after {last}", next=last)


def _row(one: Breakpoint) -> dict[str, Any]:
    if wants_json():
        return asdict(one)
    return {
        "breakpoint": str(one.breakpoint_id),
        "workflow": one.workflow,
        "run": None if one.run_id is None else str(one.run_id),
        "step": one.node_key or "any",
        "if": one.condition,
        "once": one.one_shot,
        "on": one.is_enabled,
        "hits": one.hits,
        "last hit": one.last_hit_at,
    }
