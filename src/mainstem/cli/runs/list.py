"""`mainstem runs list`: a page of runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import json_option, note, show, span, wants_json
from mainstem.cli.runs.moment import Moment
from mainstem.ledger.runs import Filter
from mainstem.model import RunStatus, RunSummary
from mainstem.settings import Settings


@click.command("list")
@click.option("--status", type=click.Choice([status.value for status in RunStatus]))
@click.option("--workflow", help="By its name.")
@click.option("--channel")
@click.option("--external-id")
@click.option("--since", type=Moment(), help="Begun then or later: 2026-03-01, or 2h for two hours ago.")
@click.option("--before", type=Moment(), help="Begun earlier.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, /, limit: int, after: str | None, **asked: str | datetime | None) -> None:
    """Show runs, latest first. With --json a line each, and the next page's --after on standard error.

    Example: mainstem runs list --status failed --since 1d
    """
    which = Filter(**asked)  # type: ignore[arg-type]  # the options are its fields
    with client_of(settings) as client:
        page = client.list_runs(which, limit=limit, after=after).wait()
    show((_row(run) for run in page.runs), none="no run is like this")
    if page.next is not None:
        note(f"more: mainstem runs list … --after {page.next}", next=page.next)


def _row(run: RunSummary) -> dict[str, Any]:
    if wants_json():
        return {name: getattr(run, name) for name in RunSummary.__dataclass_fields__}
    return {
        "run": str(run.run_id),
        "workflow": run.workflow,
        "status": run.status.value,
        "channel": run.channel,
        "external id": run.external_id,
        "created": run.created_at,
        "took": span(run.duration_ms),
        "error": (run.error_message or "")[:60],
    }
