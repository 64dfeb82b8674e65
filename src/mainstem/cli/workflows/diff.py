"""`mainstem workflows diff`: what changed from one version to another."""

from __future__ import annotations

import click

from mainstem.cli.door import Performing, ledger_of
from mainstem.cli.output import json_option, show
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.definitions import read_draft, read_version
from mainstem.model import Json
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@click.argument("a", metavar="VERSION")
@click.argument("b", metavar="OTHER", required=False, default="draft")
@json_option
@click.pass_obj
def diff(settings: Settings, workflow: str, a: str, b: str) -> None:
    """Show the operations (RFC 6902) that make OTHER of VERSION; either may be `draft`. Nodes and edges go by name.

    Example: mainstem workflows diff claim-intake 3 draft
    """
    from mainstem.server.patches import graph_patch

    with ledger_of(settings) as ask:
        left, right = (_graph(ask, workflow, which) for which in (a, b))
    found = graph_patch(left, right)
    show((one.model_dump(mode="json", exclude_unset=True) for one in found), none="they are the same")


def _graph(ask: Performing, workflow: str, which: str) -> Json:
    workflow_id = workflow_named(ask, workflow)
    if which == "draft":
        return ask(read_draft(workflow_id)).graph_config
    try:
        version = int(which)
    except ValueError:
        raise click.BadParameter(f"{which!r} is neither a version nor `draft`") from None
    return ask(read_version(workflow_id, version)).graph_config
