"""`mainstem workflows draft`: read and save the graph that is being edited."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from mainstem.cli.door import Performing, did, ledger_of
from mainstem.cli.output import indented, json_option, note, say, wants_json
from mainstem.cli.workflows.asked import workflow_named
from mainstem.cli.workflows.drawn import workflow_for
from mainstem.errors import DraftConflict
from mainstem.graph.read import words_in
from mainstem.graph.written import written_graph
from mainstem.ledger.definitions import Draft, read_draft, save_draft
from mainstem.settings import Settings


@click.command()
@click.argument("workflow")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--revision", type=click.IntRange(1), help="The one that FILE was edited from; the present one without."
)
@json_option
@click.pass_obj
def draft(settings: Settings, workflow: str, file: Path | None, *, revision: int | None) -> None:
    """Show the draft of WORKFLOW, or save FILE as its draft. A draft may have faults; what is published may not.

    Who edited an older revision is refused; the draft of the other is then beside FILE, in FILE.theirs.

    \b
    Example:
      mainstem workflows draft claim-intake --json > claim-intake.json
      mainstem workflows draft claim-intake claim-intake.yaml --revision 4
    """  # noqa: D301  (click's mark for lines that stay as they are)
    with ledger_of(settings) as ask:
        if file is None:
            _show(ask(read_draft(workflow_named(ask, workflow))))
        else:
            _save(ask, workflow, file, revision)


def _show(found: Draft) -> None:
    if wants_json():
        click.echo(indented(found.graph_config))
    else:
        click.echo(yaml.safe_dump(found.graph_config, sort_keys=False, allow_unicode=True), nl=False)
    kind = "the draft" if found.is_draft else "the active graph: there is no draft"
    note(f"revision {found.revision}, {kind}", revision=found.revision, is_draft=found.is_draft)


def _save(ask: Performing, workflow: str, file: Path, revision: int | None) -> None:
    said = words_in(file.read_text(encoding="utf-8"), place=str(file))
    graph = written_graph(said, place=str(file))
    workflow_id = workflow_for(ask, graph, workflow)
    expected = revision or ask(read_draft(workflow_id)).revision
    call = save_draft(workflow_id, graph.as_written, expected=expected)
    try:
        saved = ask(call, did("workflows.draft", workflow_id))
    except DraftConflict as conflict:
        theirs = file.with_name(f"{file.name}.theirs")
        theirs.write_text(indented(conflict.theirs) + "\n", encoding="utf-8")
        raise DraftConflict(
            conflict.message,
            hint=f"bring {theirs} and {file} together, and save with --revision {conflict.revision}",
        ) from conflict
    say(
        f"{workflow}: the draft is revision {saved}; next: mainstem workflows publish {workflow}",
        workflow_id=workflow_id,
        revision=saved,
    )
