"""`mainstem workflows versions`: what was published, and which version is active."""

from __future__ import annotations

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.definitions import read_draft
from mainstem.ledger.workflows import list_versions
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def versions(settings: Settings, workflow: str, *, limit: int, after: str | None) -> None:
    """Show what was published of WORKFLOW, latest first, and which version new runs begin with.

    Example: mainstem workflows versions claim-intake
    """
    with ledger_of(settings) as ask:
        workflow_id = workflow_named(ask, workflow)
        active = ask(read_draft(workflow_id)).active_version
        page = ask(list_versions(workflow_id, limit=limit, after=after))
    rows = (
        {
            "version": one.version,
            "active": one.version == active,
            "published": one.published_at,
            "by": one.published_by,
            "nodes": len(one.graph_config.get("nodes", ())) if isinstance(one.graph_config, dict) else None,
            "checksum": one.checksum[:12],
        }
        for one in page.versions
    )
    show(rows, none="nothing was published; mainstem workflows publish FILE does")
    if page.next is not None:
        note(f"more: mainstem workflows versions {workflow} --after {page.next}", next=page.next)
