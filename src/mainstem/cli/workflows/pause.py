"""`mainstem workflows pause`: let nothing of a workflow begin."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.queues import pause_workflow
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@json_option
@click.pass_obj
def pause(settings: Settings, workflow: str) -> None:
    """Let no worker take runs of WORKFLOW until it is resumed.

    A run that a worker has goes on until it waits or ends; new ones can be started, and are held.

    Example: mainstem workflows pause claim-intake
    """
    with ledger_of(settings) as ask:
        workflow_id = workflow_named(ask, workflow)
        ask(pause_workflow(workflow_id), did("workflows.pause", workflow_id, name=workflow))
    say(f"{workflow} is paused", workflow_id=workflow_id, answer="paused")
