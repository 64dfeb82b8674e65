"""A graph as it is named on the command line: a file, Python at module:name, or the draft of a workflow."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from mainstem.cli.door import Performing, did
from mainstem.cli.workflows.asked import workflow_named
from mainstem.errors import GraphRefused
from mainstem.graph.model import Graph
from mainstem.graph.read import graph_in
from mainstem.graph.written import checked_graph
from mainstem.ledger.definitions import read_draft
from mainstem.ledger.runs import find_workflow, register_workflow


def is_written_down(named: str) -> bool:
    """Whether it is a file, or would be one, or Python: no workflow's name."""
    return Path(named).is_file() or named.endswith((".yaml", ".yml", ".json")) or ":" in named


def graph_of(ask: Performing, named: str) -> tuple[Graph, UUID | None, int | None]:
    """The graph, checked; of a workflow's draft its id and revision too. Raises GraphRefused, NotFound."""
    if is_written_down(named):
        return graph_in(named), None, None
    draft = ask(read_draft(workflow_named(ask, named)))
    if draft.graph_config is None:
        raise GraphRefused(
            f"{draft.workflow} has no draft", hint=f"mainstem workflows draft {draft.workflow} FILE makes one"
        )
    return checked_graph(draft.graph_config, place=draft.workflow), draft.workflow_id, draft.revision


def workflow_for(ask: Performing, graph: Graph, name: str | None) -> UUID:
    """The id of the workflow that the graph is of, entered where it is new. Raises GraphRefused for a graph without a name."""
    called = name or graph.name
    if not called:
        raise GraphRefused("the graph has no name", hint="write `name:` into it, or say --as NAME")
    known = ask(find_workflow(called))
    if known is not None:
        return known
    return ask(register_workflow(called, graph.description), did("workflows.create", called))
