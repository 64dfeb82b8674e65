"""What a run is given is held against what its workflow takes before it begins, by every door, with every fault at once."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from graphs import linear

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import Mainstem, StepFailed, Terms, Worker, child, schedule, workflow
from mainstem.errors import InputRefused, NotFound
from mainstem.graph.program import graph_workflow
from mainstem.graph.read import read_graph
from mainstem.ledger import definitions
from mainstem.ledger.nodes import read_start_schema
from mainstem.ledger.runs import register_workflow
from serving import serving
from typed import Terminal

pytestmark = ON_ONE_SERVER

REQUIRED = {
    "member": {"type": "string", "pattern": "^m"},
    "amount": {"type": "number", "minimum": 0},
    "on": {"type": "date"},
    "codes": {"type": "array", "required": False, "rule": "length(@) > `1`"},
    "source": {"type": "string", "default": "web"},
}
GOOD: dict[str, Any] = {"member": "m1", "amount": 20, "on": "2026-03-01"}
BAD: dict[str, Any] = {"member": "x1", "amount": -1, "codes": ["a"]}
FAULTS = ("input.member", "input.amount", "input.on", "input.codes")


@workflow("coded")
async def coded(member: str, amount: float, on: date, *, codes: list[str] | None = None) -> str:
    return f"{member} {amount} {on:%Y}"


@workflow("asks")
async def asks(called: str, given: dict[str, Any]) -> str:
    try:
        return str(await child(called, **given))
    except StepFailed as refusal:
        return f"{refusal.error_type}: {refusal.message}"


def drawn(name: str, required: dict[str, Any]) -> dict[str, Any]:
    graph: dict[str, Any] = linear(name, data_bindings={"from": {"input": "source"}})
    graph["nodes"]["start"]["input_requirements"] = required
    return graph


@pytest.fixture
def published(database: Database) -> str:
    publish(database, drawn("paid", REQUIRED))
    return "paid"


def publish(database: Database, graph: dict[str, Any]) -> None:
    workflow_id = database.perform(register_workflow(graph["name"], None))
    made = database.perform(definitions.publish(workflow_id, read_graph(str(graph)).as_written))
    database.perform(definitions.activate(workflow_id, made.version))


def runs_of(database: Database) -> int:
    counted: int = database.value("select count(*) from mainstem.user_workflow_run")
    return counted


async def test_a_client_is_told_every_fault_and_no_run_begins(
    ms: Mainstem, database: Database, published: str
) -> None:
    with pytest.raises(InputRefused) as refusal:
        await ms.start(published, **BAD)
    assert {fault.partition(":")[0] for fault in refusal.value.faults} == set(FAULTS)
    assert all(place in refusal.value.message for place in FAULTS)
    with pytest.raises(InputRefused, match=r"input\.member: .* does not match"):
        await ms.start(graph_workflow(drawn("here", REQUIRED)), **{**GOOD, "member": "x"})
    assert runs_of(database) == 0
    async with Worker(ms, [], Terms(graphs=True, poll=0.1)):
        run = await ms.start(published, **GOOD)
        assert await asyncio.wait_for(run.result(), 20) == {"result": {"from": "web"}}


async def test_of_code_too_by_whoever_has_it_and_by_its_name(ms: Mainstem, database: Database) -> None:
    wrong: Any = {"member": "m1", "amount": "much", "on": "someday"}
    with pytest.raises(InputRefused) as refusal:
        await ms.start(coded, **wrong)
    assert [fault.partition(":")[0] for fault in refusal.value.faults] == ["input.amount", "input.on"]
    with pytest.raises(InputRefused) as refusal:
        await ms.start("coded", **wrong)
    assert [fault.partition(":")[0] for fault in refusal.value.faults] == ["input.amount", "input.on"]
    with pytest.raises(InputRefused, match="member"):
        await ms.start("coded", amount=1, on="2026-03-01")
    assert runs_of(database) == 0
    workflow_id = await ms.register(coded)
    assert database.perform(read_start_schema(workflow_id))["required"] == ["member", "amount", "on"]
    async with Worker(ms, [coded]):
        run = await ms.start(coded, "m1", 20, date(2026, 3, 1))
        assert await asyncio.wait_for(run.result(), 20) == "m1 20 2026"


async def test_a_child_that_would_be_given_something_else_fails_its_step_now_and_in_every_replay(
    ms: Mainstem, database: Database, published: str
) -> None:
    async with Worker(ms, [asks, coded], Terms(graphs=True, poll=0.1)):
        told = await asyncio.wait_for((await ms.start(asks, published, BAD)).result(), 20)
        assert told.startswith("InputRefused: the input of paid: 4 faults:")
        good = await asyncio.wait_for((await ms.start(asks, published, GOOD)).result(), 20)
    assert good == "{'result': {'from': 'web'}}"
    [step] = database.rows(
        "select status, error_details from mainstem.user_workflow_run_step where error_message is not null"
    )
    assert (step["status"], step["error_details"]["type"]) == ("failed", "InputRefused")


async def test_a_schedule_with_an_input_that_does_not_fit_is_refused_when_it_is_made_or_edited(
    ms: Mainstem, published: str
) -> None:
    with pytest.raises(InputRefused, match=r"input\.on: required"):
        await ms.schedules.create("daily", published, every=86400, input={"member": "m1", "amount": 1})
    made = await ms.schedules.create(
        "daily", published, every=86400, input={"member": "m1", "amount": 1}, time_argument="on"
    )
    with pytest.raises(InputRefused, match=r"input\.amount: -1 is -1, less than 0"):
        await ms.schedules.edit("daily", input={"member": "m1", "amount": -1})
    with pytest.raises(NotFound, match="no version 7 of workflow paid"):
        await ms.schedules.edit("daily", version=7)
    assert (await ms.schedules.get("daily")).input == made.input
    with pytest.raises(InputRefused, match=r"input\.amount"):
        schedule(every=60, input={"member": "m1", "amount": "much", "on": "2026-01-01"})(coded)


async def test_over_http_each_fault_stands_with_its_place(database: Database, published: str) -> None:
    async with serving(database.url) as client:
        refused = await client.post("/api/v1/runs", json={"workflow": published, "input": BAD})
        assert (refused.status_code, refused.json()["code"]) == (422, "MS013")
        assert {one["pointer"] for one in refused.json()["errors"]} == set(FAULTS)
        body = {"workflow": published, "name": "daily", "every": 60, "input": BAD}
        assert (await client.post("/api/v1/schedules", json=body)).json()["code"] == "MS013"
        made = await client.post("/api/v1/schedules", json=body | {"input": GOOD})
        edited = await client.patch(made.headers["location"], json={"input": BAD})
        assert edited.json()["code"] == "MS013"
        assert (
            await client.post("/api/v1/runs", json={"workflow": published, "input": GOOD})
        ).status_code == 201
        version = {"workflow": published, "input": GOOD, "version": 9}
        assert (await client.post("/api/v1/runs", json=version)).status_code == 404


def test_what_is_typed_is_held_against_it_too(database: Database, published: str) -> None:
    terminal = Terminal(database.url)
    shown = terminal.type("run", published, "--input", '{"member": "x1", "amount": -1}')
    assert shown.exit_code == 2
    assert [place for place in FAULTS[:3] if place not in shown.stderr] == []
    words = ("schedules", "create", "daily", published, "--every", "1d", "--input")
    assert terminal.error(*words, '{"member": "m1"}')[1] == "MS013"
    terminal.lines(*words, '{"member": "m1", "amount": 1, "on": "2026-03-01"}')
    assert terminal.error("schedules", "edit", "daily", "--input", "{}")[1] == "MS013"
    assert runs_of(database) == 0


async def test_a_fork_with_another_input_is_held_against_the_version_that_it_begins_with(
    ms: Mainstem, database: Database, published: str
) -> None:
    async with Worker(ms, [], Terms(graphs=True, poll=0.1)):
        run = await ms.start(published, **GOOD)
        await asyncio.wait_for(run.result(), 20)
        publish(database, drawn("paid", {**REQUIRED, "member": {"type": "number"}}))
        with pytest.raises(InputRefused, match=r"input\.amount: -1"):
            await ms.fork(run.run_id, input={**GOOD, "amount": -1})
        with pytest.raises(InputRefused, match=r"input\.member: 'm1' is no number"):
            await ms.fork(run.run_id, input=GOOD, version=2)
        forked = await ms.fork(run.run_id, input={**GOOD, "source": "efax"})
        assert await asyncio.wait_for(ms.result(forked), 20) == {"result": {"from": "efax"}}
    async with serving(database.url) as client:
        path = f"/api/v1/runs/{run.run_id}/fork"
        assert (await client.post(path, json={"input": BAD})).json()["code"] == "MS013"
    words = ("runs", "fork", str(run.run_id), "--input", "{}")
    assert (await asyncio.to_thread(Terminal(database.url).error, *words))[1] == "MS013"
