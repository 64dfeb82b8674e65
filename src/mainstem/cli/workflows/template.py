"""`mainstem workflows template`: keep a graph to begin others from, and begin from it."""

from __future__ import annotations

import click

from mainstem.cli.door import did, ledger_of
from mainstem.cli.output import indented, json_option, say
from mainstem.graph.read import graph_in
from mainstem.ledger.definitions import read_draft, read_template, save_draft, save_template
from mainstem.ledger.runs import register_workflow
from mainstem.settings import Settings


@click.command()
@click.argument("name")
@click.argument("file", required=False)
@click.option("--to", "workflow", help="Make it the draft of this workflow.")
@json_option
@click.pass_obj
def template(settings: Settings, name: str, file: str | None, *, workflow: str | None) -> None:
    """Show the template NAME, keep the graph in FILE under it, or make it the draft of a workflow.

    \b
    Example:
      mainstem workflows template intake claim-intake.yaml
      mainstem workflows template intake --to fax-intake
    """  # noqa: D301  (click's mark for lines that stay as they are)
    if file is not None and workflow is not None:
        raise click.UsageError("give either FILE or --to")
    if file is not None:
        _keep(settings, name, file)
    elif workflow is not None:
        _begin(settings, name, workflow)
    else:
        with ledger_of(settings) as ask:
            click.echo(indented(ask(read_template(name)).graph_config))


def _keep(settings: Settings, name: str, file: str) -> None:
    graph = graph_in(file)
    with ledger_of(settings) as ask:
        call = save_template(name, graph.as_written, description=graph.description)
        template_id = ask(call, did("templates.save", name))
    say(
        f"template {name} is kept; next: mainstem workflows template {name} --to WORKFLOW",
        template_id=template_id,
    )


def _begin(settings: Settings, name: str, workflow: str) -> None:
    with ledger_of(settings) as ask:
        graph = {**ask(read_template(name)).graph_config, "name": workflow}
        workflow_id = ask(register_workflow(workflow, None))
        expected = ask(read_draft(workflow_id)).revision
        revision = ask(save_draft(workflow_id, graph, expected=expected), did("workflows.draft", workflow_id))
    say(
        f"{workflow}: the draft is revision {revision}; next: mainstem workflows publish {workflow}",
        workflow_id=workflow_id,
        revision=revision,
    )
