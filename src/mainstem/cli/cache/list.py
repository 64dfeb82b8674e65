"""`mainstem cache list`: results that steps are given again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.ledger.step_cache import CachedResult, list_cached
from mainstem.settings import Settings


@click.command("list")
@click.option("--step", help="Only of this step.")
@click.option("--workflow", help="Only what runs of this workflow made.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(
    settings: Settings, step: str | None, workflow: str | None, *, limit: int, after: str | None
) -> None:
    """Show the results that steps are given again, latest first.

    Example: mainstem cache list --step fetch_rates --json
    """
    with ledger_of(settings) as perform:
        page = perform(list_cached(limit=limit, after=after, step=step, workflow=workflow))
    show(
        (_row(result) for result in page.results),
        none="nothing is cached; docs/caching.md tells how it comes to be",
    )
    if page.next is not None:
        note(f"more: mainstem cache list --after {page.next}", next=page.next)


def _row(result: CachedResult) -> dict[str, Any]:
    if wants_json():
        return asdict(result)
    return {
        "step": result.step,
        "of": result.label,
        "state": "there" if result.is_there else "being made",
        "bytes": result.bytes,
        "made": result.created_at,
        "expires": result.expires_at,
        "workflow": result.workflow,
        "run": str(result.run_id),
        "key": result.key,
    }
