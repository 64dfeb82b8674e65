"""`mainstem workflows list`: what exists, and how healthy it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, span, wants_json
from mainstem.cli.workflows.asked import bars, rate
from mainstem.ledger.windows import LONGEST, Window
from mainstem.ledger.workflows import Workflow, list_workflows
from mainstem.settings import Settings


@click.command("list")
@click.option("--days", type=click.IntRange(1, LONGEST), default=30, show_default=True)
@click.option("--status", type=click.Choice(["draft", "active", "paused", "archived"]))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, *, days: int, status: str | None, limit: int, after: str | None) -> None:
    """Show workflows by name, with the statistics of the runs that began in the last days.

    The bars are the last 14 days. With --json a line each, and the next page's --after on standard error.

    Example: mainstem workflows list --days 7
    """
    with ledger_of(settings) as ask:
        page = ask(list_workflows(Window(days), status=status, limit=limit, after=after))
    show(
        (_row(workflow) for workflow in page.workflows),
        none="no workflow is defined; `mainstem init` writes one",
    )
    if page.next is not None:
        note(f"more: mainstem workflows list … --after {page.next}", next=page.next)


list = list_  # noqa: A001  (the verb's name)


def _row(workflow: Workflow) -> dict[str, Any]:
    if wants_json():
        return asdict(workflow)
    told = workflow.statistics
    return {
        "workflow": workflow.name,
        "status": workflow.status,
        "runs": told.runs,
        "open": told.running,
        "failed": told.failed,
        "success": rate(told.success_rate),
        "p50": span(told.p50_ms),
        "p95": span(told.p95_ms),
        "p99": span(told.p99_ms),
        "last run": told.last_run_at,
        "14 days": bars(told.sparkline),
    }
