"""`mainstem workflows show`: one workflow, and how its nodes went."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from mainstem.cli import output
from mainstem.cli.door import ledger_of
from mainstem.cli.output import json_option, span, wants_json
from mainstem.cli.workflows.asked import bars, rate, workflow_named
from mainstem.ledger.nodes import Node, list_nodes
from mainstem.ledger.windows import LONGEST, Window
from mainstem.ledger.workflows import Workflow, read_workflow
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@click.option("--days", type=click.IntRange(1, LONGEST), default=30, show_default=True)
@json_option
@click.pass_obj
def show(settings: Settings, workflow: str, *, days: int) -> None:
    """Show WORKFLOW (a name, or an id), its nodes and how each went.

    Example: mainstem workflows show claim-intake --days 7
    """
    window = Window(days)
    with ledger_of(settings) as ask:
        workflow_id = workflow_named(ask, workflow)
        found = ask(read_workflow(workflow_id, window))
        nodes = ask(list_nodes(workflow_id, window))
    if wants_json():
        output.show([{**asdict(found), "nodes": [asdict(node) for node in nodes]}])
        return
    output.show({"": name, "now": now} for name, now in _lines(found).items())
    output.show((_row(node) for node in nodes), title="nodes", none="no step of it ran in these days")


def _lines(workflow: Workflow) -> dict[str, Any]:
    told = workflow.statistics
    return {
        "workflow": workflow.name,
        "id": str(workflow.workflow_id),
        "is": f"{workflow.status}, version {workflow.version}, {'a graph' if workflow.is_graph else 'code'}",
        "about": workflow.description,
        "runs": f"{told.runs:,}, {told.failed:,} failed, {told.running:,} open",
        "success": rate(told.success_rate),
        "p50, p95, p99": ", ".join(span(each) for each in (told.p50_ms, told.p95_ms, told.p99_ms) if each is not None),
        "last run": told.last_run_at,
        "14 days": bars(told.sparkline),
    }  # fmt: skip


def _row(node: Node) -> dict[str, Any]:
    told = node.statistics
    return {
        "node": node.label,
        "type": node.type,
        "steps": told.steps,
        "failed": told.failed,
        "retries": told.retries,
        "success": rate(told.success_rate),
        "p50": span(told.p50_ms),
        "p95": span(told.p95_ms),
    }
