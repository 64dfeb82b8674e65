"""`mainstem workflows activate`: let new runs begin with a version."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.definitions import activate as activated
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@click.argument("version", type=click.IntRange(1))
@json_option
@click.pass_obj
def activate(settings: Settings, workflow: str, version: int) -> None:
    """Let new runs of WORKFLOW begin with VERSION. Runs that have begun keep theirs.

    Example: mainstem workflows activate claim-intake 3
    """
    with ledger_of(settings) as ask:
        workflow_id = workflow_named(ask, workflow)
        before = ask(activated(workflow_id, version), did("workflows.activate", workflow_id, version=version))
    said = "" if before is None else f", in place of {before}"
    say(
        f"{workflow} version {version} is active{said}",
        workflow_id=workflow_id,
        version=version,
        replaced=before,
    )
