"""`mainstem runs list`: a page of runs."""

from __future__ import annotations

from typing import Any

import click

from mainstem.cli.door import client_of
from mainstem.cli.output import json_option, moment, note, show, span, wants_json
from mainstem.cli.runs.asked import filter_options, query_of
from mainstem.ledger.search.pages import SORTS
from mainstem.model import FoundPage, FoundRun
from mainstem.settings import Settings


@click.command("list")
@filter_options
@click.option("--sort", type=click.Choice(SORTS), default="-created", show_default=True, metavar="KEY",
              help="created, started, ended, duration; with a minus the last first.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, /, sort: str, limit: int, after: str | None, **asked: Any) -> None:
    """Show the runs that QUERY finds, latest first. With --json a line each, and the next page's --after on standard error.

    QUERY is a filter as in the console: its terms, all of which hold. `mainstem runs list --help` names the options that
    add to it; docs/reference/filters.md has every key.

    \b
    Example: mainstem runs list status:failed,timeout channel:voice 'started:>-24h'
             mainstem runs list 'duration:>30s' ctx.patient.id:123 -- -tag:test
             mainstem runs list --status failed --since 1d
    """  # noqa: D301  (click's mark for lines that stay as they are)
    query = query_of(**asked)
    with client_of(settings) as client:
        page = client.find_runs(query, sort=sort, limit=limit, after=after).wait()
    show((_row(run) for run in page.runs), none=_none(page))
    if page.next is not None:
        note(
            f"{_how_far(page)}: mainstem runs list … --after {page.next}",
            next=page.next,
            searched_back_to=page.searched_back_to,
        )


def _how_far(page: FoundPage) -> str:
    return (
        "more"
        if page.searched_back_to is None
        else f"searched back to {moment(page.searched_back_to)}, go on"
    )


def _none(page: FoundPage) -> str:
    return "no run is like this" if page.searched_back_to is None else "no run so far"


def _row(run: FoundRun) -> dict[str, Any]:
    if wants_json():
        return {name: getattr(run, name) for name in FoundRun.__dataclass_fields__}
    return {
        "run": str(run.run_id),
        "workflow": run.workflow,
        "status": run.status.value,
        "channel": run.channel,
        "external id": run.external_id,
        "created": run.created_at,
        "took": span(run.duration_ms),
        "steps": f"{run.steps.completed}/{run.steps.total}",
        "error": (run.error_message or "")[:60],
    }
