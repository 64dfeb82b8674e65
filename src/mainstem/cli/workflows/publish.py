"""`mainstem workflows publish`: keep a graph as a version, and let new runs begin with it."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.workflows.drawn import graph_of, workflow_for
from mainstem.ledger.definitions import activate
from mainstem.ledger.definitions import publish as published
from mainstem.settings import Settings


@click.command()
@click.argument("graph")
@click.option("--as", "name", help="The workflow's name; the graph's own without.")
@click.option("--no-activate", is_flag=True, help="Only keep it; new runs begin as before.")
@json_option
@click.pass_obj
def publish(settings: Settings, graph: str, *, name: str | None, no_activate: bool) -> None:
    """Check GRAPH (a file, MODULE:NAME, or a workflow whose draft it is), keep it as a version for good, and activate it.

    The same graph is one version, however often it is published. Runs that have begun keep theirs.

    \b
    Example:
      mainstem workflows publish claim-intake.yaml
      mainstem workflows publish claim-intake --no-activate
    """  # noqa: D301  (click's mark for lines that stay as they are)
    with ledger_of(settings) as ask:
        found, workflow_id, revision = graph_of(ask, graph)
        workflow_id = workflow_id or workflow_for(ask, found, name)
        call = published(workflow_id, found.as_written, expected=revision)
        made = ask(call, lambda told: did("workflows.publish", workflow_id, version=told.version))
        if not no_activate:
            ask(
                activate(workflow_id, made.version),
                did("workflows.activate", workflow_id, version=made.version),
            )
    state = "kept" if no_activate else "active"
    say(
        f"{name or found.name or graph} version {made.version} is {state}{'' if made.is_new else ', as it was published before'}",
        workflow_id=workflow_id,
        version=made.version,
        is_new=made.is_new,
        is_active=not no_activate,
    )
