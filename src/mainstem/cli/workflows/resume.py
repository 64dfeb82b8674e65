"""`mainstem workflows resume`: let a workflow go on."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import json_option, say
from mainstem.cli.workflows.asked import workflow_named
from mainstem.ledger.queues import resume_workflow
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@json_option
@click.pass_obj
def resume(settings: Settings, workflow: str) -> None:
    """Let workers take runs of WORKFLOW again.

    Example: mainstem workflows resume claim-intake
    """
    with ledger_of(settings) as ask:
        workflow_id = workflow_named(ask, workflow)
        freed = ask(resume_workflow(workflow_id), did("workflows.resume", workflow_id, name=workflow))
    say(f"{workflow} goes on; {freed} runs were held", workflow_id=workflow_id, answer="resumed", runs=freed)
