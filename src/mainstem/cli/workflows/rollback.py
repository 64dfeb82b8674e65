"""`mainstem workflows rollback`: back to the version that the active one replaced."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.definitions import roll_back
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@json_option
@click.pass_obj
def rollback(settings: Settings, workflow: str) -> None:
    """Let new runs of WORKFLOW begin with the version that the active one replaced. Once more goes one further back.

    Example: mainstem workflows rollback claim-intake
    """
    with ledger_of(settings) as ask:
        workflow_id = workflow_named(ask, workflow)
        version = ask(
            roll_back(workflow_id), lambda told: did("workflows.rollback", workflow_id, version=told)
        )
    say(f"{workflow} version {version} is active again", workflow_id=workflow_id, version=version)
