"""Versions of a graph: drafts that two people edit, what is published, which version new runs begin with, and back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import psycopg
import pytest
from graph_functions import executed, gate
from graphs import CLAIM_INTAKE, linear

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database, Tenant
from mainstem import Mainstem, Terms, Worker, child, start_child, workflow
from mainstem.errors import DraftConflict, NotFound, StateRefused, WorkflowCycle
from mainstem.graph.read import read_graph
from mainstem.ledger import definitions
from mainstem.ledger.call import Call
from mainstem.ledger.nodes import list_nodes, read_start_schema
from mainstem.ledger.nodes import read_graph as read_drawn
from mainstem.ledger.runs import register_workflow
from mainstem.ledger.windows import Window
from mainstem.ledger.workflows import list_versions

pytestmark = ON_ONE_SERVER


def constant(name: str, value: Any) -> dict[str, Any]:
    return linear(name, data_bindings={"value": {"value": value}})


def calling(name: str, called: str) -> dict[str, Any]:
    return linear(name, kind="workflow", config={"workflow": called})


class Author:
    """Somebody who draws in the default organization."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def workflow(self, name: str) -> UUID:
        found: UUID = self.database.perform(register_workflow(name, None))
        return found

    def publish(self, graph: dict[str, Any], *, activate: bool = True) -> tuple[UUID, int]:
        workflow_id = self.workflow(graph["name"])
        written = read_graph(str(graph)).as_written
        made = self.database.perform(definitions.publish(workflow_id, written))
        if activate:
            self.database.perform(definitions.activate(workflow_id, made.version))
        return workflow_id, made.version


@pytest.fixture
def author(database: Database) -> Author:
    return Author(database)


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    executed.clear()
    gate.clear()


def test_the_second_writer_of_a_draft_gets_a_conflict_and_both_texts(
    author: Author, database: Database
) -> None:
    workflow_id = author.workflow("drawn")
    read = database.perform(definitions.read_draft(workflow_id))
    assert (read.revision, read.is_draft, read.graph_config) == (1, False, None)
    assert database.perform(definitions.save_draft(workflow_id, {"by": "ann"}, expected=1)) == 2
    with pytest.raises(DraftConflict, match="at revision 2, and revision 1 was edited") as conflict:
        database.perform(definitions.save_draft(workflow_id, {"by": "ben"}, expected=1))
    assert (conflict.value.yours, conflict.value.theirs, conflict.value.revision) == (
        {"by": "ben"},
        {"by": "ann"},
        2,
    )
    assert database.perform(definitions.read_draft(workflow_id)).graph_config == {"by": "ann"}
    assert database.perform(definitions.save_draft(workflow_id, {"by": "both"}, expected=2)) == 3


def test_of_two_writers_at_the_same_moment_one_is_refused_with_the_others_text(
    author: Author, database: Database
) -> None:
    workflow_id = author.workflow("drawn")
    first, second = database.connect(), database.connect()
    save = "select revision, is_saved, theirs from mainstem.save_workflow_draft(%s, 1, %s::jsonb)"
    with first.transaction():
        first.execute(save, [workflow_id, '"ann"'])
        second.execute("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):  # it waits for the first
            second.execute(save, [workflow_id, '"ben"'])
    assert second.execute(save, [workflow_id, '"ben"']).fetchall() == [
        {"revision": 2, "is_saved": False, "theirs": "ann"}
    ]


def test_publishing_ends_the_draft_and_refuses_an_older_revision(author: Author, database: Database) -> None:
    workflow_id = author.workflow("drawn")
    graph = constant("drawn", 1)
    database.perform(definitions.save_draft(workflow_id, graph, expected=1))
    with pytest.raises(DraftConflict, match="at revision 2, and revision 1 was to be published"):
        database.perform(definitions.publish(workflow_id, graph, expected=1))
    made = database.perform(definitions.publish(workflow_id, graph, expected=2))
    assert (made.version, made.is_new) == (1, True)
    read = database.perform(definitions.read_draft(workflow_id))
    assert (read.revision, read.is_draft, read.active_version) == (3, False, None)


def test_the_same_graph_is_published_once(author: Author, database: Database) -> None:
    workflow_id, first = author.publish(constant("same", 1))
    _, second = author.publish(constant("same", 2))
    reordered = dict(reversed(list(read_graph(str(constant("same", 1))).as_written.items())))
    again = database.perform(definitions.publish(workflow_id, reordered))
    assert (first, second, again.version, again.is_new) == (1, 2, 1, False)
    assert [one.version for one in database.perform(list_versions(workflow_id)).versions] == [2, 1]


def test_what_was_published_cannot_be_changed(author: Author, database: Database) -> None:
    author.publish(constant("kept", 1))
    for role in ("mainstem_app", "mainstem_worker"):
        conn = database.connect(role)
        for statement in (
            "update mainstem.user_workflow_version set graph_config = '{}'",
            "update mainstem.user_workflow_version set checksum = ''",
            "delete from mainstem.user_workflow_version",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)


def test_rolling_back_goes_to_what_was_replaced_and_once_more_goes_further(
    author: Author, database: Database
) -> None:
    for value in (1, 2, 3):
        workflow_id, _ = author.publish(constant("back", value))
    assert [database.perform(definitions.roll_back(workflow_id)) for _ in range(2)] == [2, 1]
    assert database.perform(definitions.read_draft(workflow_id)).active_version == 1
    with pytest.raises(StateRefused, match="was active before"):
        database.perform(definitions.roll_back(workflow_id))
    with pytest.raises(NotFound, match="no version 9"):
        database.perform(definitions.activate(workflow_id, 9))


def test_the_active_graph_stands_in_rows_too_and_a_node_keeps_its_id(
    author: Author, database: Database
) -> None:
    graph = read_graph(CLAIM_INTAKE).as_written
    workflow_id, _ = author.publish(graph)
    drawn = database.perform(read_drawn(workflow_id))
    assert [node.key for node in drawn.nodes] == [node["key"] for node in graph["nodes"]]
    ways = {(edge.origin, edge.target, edge.label) for edge in drawn.edges}
    assert {("read", "fraud", "next"), ("fraud", "no_score", "error"), ("decide", "approve", "large")} <= ways
    assert len(ways) == len(graph["edges"])
    [read_node] = database.rows(
        "select node_id, label, metadata from mainstem.user_workflow_node where label = 'Read the document'"
    )
    assert read_node["metadata"]["data_bindings"] == {"document": {"input": "document"}}
    schema = database.perform(read_start_schema(workflow_id))
    assert (set(schema["properties"]), schema["required"]) == ({"document", "source"}, ["document"])
    author.publish({**constant("claim-intake", 1)})
    assert {node.key for node in database.perform(read_drawn(workflow_id)).nodes} == {
        "start",
        "middle",
        "done",
    }
    author.publish(graph)
    assert (
        database.value("select node_id from mainstem.user_workflow_node where label = 'Read the document'")
        == read_node["node_id"]
    )


def test_workflows_that_would_call_one_another_for_ever_are_refused(
    author: Author, database: Database
) -> None:
    with pytest.raises(WorkflowCycle, match="workflow a calls itself"):
        author.publish(calling("a", "a"))
    author.publish(calling("a", "b"))
    author.publish(calling("b", "c"))
    workflow_id, version = author.publish(calling("c", "a"), activate=False)
    with pytest.raises(WorkflowCycle, match="workflow c comes to b, which calls c again"):
        database.perform(definitions.activate(workflow_id, version))
    assert database.perform(definitions.read_draft(workflow_id)).active_version is None


def test_another_tenants_graphs_are_none(author: Author, database: Database, other_tenant: Tenant) -> None:
    workflow_id, _ = author.publish(constant("mine", 1))
    graph = constant("mine", 2)
    calls: list[Call[Any]] = [
        definitions.read_draft(workflow_id),
        definitions.save_draft(workflow_id, graph, expected=1),
        definitions.publish(workflow_id, graph),
        definitions.activate(workflow_id, 1),
        definitions.read_version(workflow_id, 1),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            database.perform(call, org_id=other_tenant.org_id)


def test_a_template_is_kept_by_its_name(author: Author, database: Database) -> None:
    for value in (1, 2):
        database.perform(
            definitions.save_template("intake", constant("t", value), description="to begin from")
        )
    [found] = database.perform(definitions.list_templates()).templates
    assert found == database.perform(definitions.read_template("intake"))
    assert found.graph_config == constant("t", 2)
    with pytest.raises(NotFound, match="no template 'other'"):
        database.perform(definitions.read_template("other"))


async def test_a_run_keeps_its_version_and_new_runs_take_the_active_one(
    ms: Mainstem, author: Author, database: Database
) -> None:
    held = linear(
        "kept",
        kind="python",
        config={"function": "graph_functions:behind_the_gate"},
        data_bindings={"name": {"value": "old"}},
    )
    author.publish(held)
    terms = Terms(graphs=True, poll=0.1, ttl=3)
    async with Worker(ms, [], terms):
        run = await ms.start("kept")
        await until(
            lambda: database.rows("select from mainstem.user_workflow_run_step where node_key = 'start'")
        )
        author.publish(constant("kept", "new"))
        newer = await ms.start("kept")
        assert await asyncio.wait_for(newer.result(), 20) == {"result": {"value": "new"}}
    gate.set()
    async with Worker(ms, [], terms):
        assert await asyncio.wait_for(run.result(), 20) == {"result": "old"}
    versions = [(await ms.get_run(one.run_id)).workflow_version for one in (run, newer)]
    assert versions == [1, 2]


async def test_statistics_of_nodes_are_by_the_graphs_nodes(
    ms: Mainstem, author: Author, database: Database
) -> None:
    workflow_id, _ = author.publish(constant("counted", 1))
    async with Worker(ms, [], Terms(graphs=True)):
        await asyncio.wait_for((await ms.start("counted")).result(), 20)
    nodes = database.perform(list_nodes(workflow_id, Window(1)))
    assert [(node.key, node.type, node.statistics.completed) for node in nodes] == [
        ("start", "entry", 1),
        ("middle", "general", 1),
        ("done", "outcome", 1),
    ]


async def test_a_graph_calls_the_version_of_another_that_was_active_when_it_came_by(
    ms: Mainstem, author: Author
) -> None:
    author.publish(constant("called", "first"))
    author.publish(calling("caller", "called"))
    async with Worker(ms, [], Terms(graphs=True)):
        run = await ms.start("caller")
        assert await asyncio.wait_for(run.result(), 20) == {"result": {"result": {"value": "first"}}}
    steps = {step.node_key for step in (await ms.get_run(run.run_id)).steps}
    assert {"version_of:called", "middle"} <= steps


async def test_a_worker_without_graphs_leaves_them_to_others(
    ms: Mainstem, author: Author, database: Database
) -> None:
    author.publish(constant("others", 1))
    async with Worker(ms, [], Terms(queues=("default",), unknown=0.1, poll=0.1)):
        run = await ms.start("others")
        await until(lambda: database.value("select epoch from mainstem.user_workflow_run_queue") > 0)
    async with Worker(ms, [], Terms(graphs=True)):
        assert await asyncio.wait_for(run.result(), 20) == {"result": {"value": 1}}


@workflow("parent")
async def parent() -> dict[str, Any]:
    left = await start_child("moving")
    return {"awaited": await child("moving"), "left": str(left)}


async def test_whoever_begins_a_graph_by_its_name_begins_the_version_that_is_active(
    ms: Mainstem, author: Author, database: Database, clock: Clock
) -> None:
    author.publish(constant("moving", "old"))
    author.publish({**linear("node", kind="workflow", config={"workflow": "moving", "run_as": "child"})})
    await ms.schedules.create("each minute", "moving", every=60)
    author.publish(constant("moving", "new"))
    async with Worker(ms, [parent], Terms(graphs=True, poll=0.1)):
        run = await ms.start(parent)
        told = await asyncio.wait_for(run.result(), 20)
        assert told["awaited"] == {"result": {"value": "new"}}
        node = await ms.start("node")
        assert await asyncio.wait_for(node.result(), 20) == {"result": {"result": {"value": "new"}}}
        clock.advance(seconds=60)
        await until(lambda: len(versions_of(database, "moving")) == 4)
    assert versions_of(database, "moving") == [2, 2, 2, 2]


async def test_a_node_may_leave_a_workflow_to_itself_and_map_over_runs_of_their_own(
    ms: Mainstem, author: Author, database: Database
) -> None:
    author.publish(constant("alone", 1))
    author.publish(linear("leaves", kind="workflow", config={"workflow": "alone", "run_as": "detached"}))
    each = linear(
        "each",
        kind="map",
        config={"workflow": "alone", "run_as": "child", "at_once": 2},
        data_bindings={"items": {"value": [1, 2, 3, 4, 5]}},
    )
    author.publish(each)
    async with Worker(ms, [], Terms(graphs=True, poll=0.1)):
        left = await asyncio.wait_for((await ms.start("leaves")).result(), 20)
        assert await asyncio.wait_for(ms.result(UUID(left["result"])), 20) == {"result": {"value": 1}}
        of_each = await asyncio.wait_for((await ms.start("each")).result(), 20)
    assert of_each == {"result": [{"result": {"value": 1}}] * 5}
    assert len(versions_of(database, "alone")) == 6


def versions_of(database: Database, name: str) -> list[int]:
    found = database.rows(
        "select workflow_version from mainstem.user_workflow_run join mainstem.user_workflow w using (workflow_id)"
        " where w.name = %s",
        name,
    )
    return [row["workflow_version"] for row in found]
