"""`mainstem approvals list`: the open ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, note, show, wants_json
from mainstem.ledger.approvals import Approval, list_approvals
from mainstem.settings import Settings


@click.command("list")
@click.option("--assignee", help="Only those for this one.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", help="Go on from a page: what it ended with.")
@json_option
@click.pass_obj
def list_(settings: Settings, assignee: str | None, limit: int, after: str | None) -> None:
    """Show what runs wait to be told by a person, the oldest run's first. With --json the form of each answer is there too.

    Example: mainstem approvals list --assignee ann
    """
    with ledger_of(settings) as ask:
        page = ask(list_approvals(assignee=assignee, limit=limit, after=after))
    show((_row(approval) for approval in page.approvals), none="nothing waits for an answer")
    if page.next is not None:
        note(f"more: mainstem approvals list --after {page.next}", next=page.next)


def _row(approval: Approval) -> dict[str, Any]:
    if wants_json():
        return asdict(approval)
    return {
        "approval": str(approval.step_id),
        "name": approval.name,
        "workflow": approval.workflow,
        "external id": approval.external_id,
        "assignee": approval.assignee,
        "asked": approval.asked_at,
        "until": approval.due_at,
    }
