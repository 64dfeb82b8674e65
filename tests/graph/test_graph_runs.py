"""Graphs on a worker: decisions, branches, joins, loops, approvals, errors; killed and gone on with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from graph_functions import executed, failures, gate
from graphs import CLAIM_INTAKE, FIRST_OF_TWO, linear

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import Mainstem, RunFailed, RunHandle, Test, Worker, workflow
from mainstem.errors import AnswerRefused
from mainstem.graph.program import graph_workflow
from mainstem.graph.read import read_graph
from mainstem.ledger.approvals import Approval
from mainstem.model import Run, Step

pytestmark = ON_ONE_SERVER

INTAKE = graph_workflow(read_graph(CLAIM_INTAKE))
FIRST = graph_workflow(read_graph(FIRST_OF_TWO))


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    executed.clear()
    failures.clear()
    gate.clear()


@asynccontextmanager
async def started(ms: Mainstem, flow: Any, **given: Any) -> AsyncIterator[RunHandle]:
    async with Worker(ms, [flow]):
        yield await ms.start(flow, **given)


async def outcome(ms: Mainstem, flow: Any, **given: Any) -> tuple[Any, Run]:
    async with started(ms, flow, **given) as run:
        result = await asyncio.wait_for(run.result(), 20)
    return result, await ms.get_run(run.run_id)


def named(run: Run, key: str) -> Step:
    return next(step for step in reversed(run.steps) if step.node_key == key)


def skipped(run: Run) -> dict[str | None, Any]:
    return {step.node_key: step.metadata["skipped"] for step in run.steps if step.status == "skipped"}


async def test_a_small_claim_is_paid_without_asking_anybody(ms: Mainstem) -> None:
    result, run = await outcome(ms, INTAKE, document="claim 200")
    assert result == {"payment": "200 to m200", "score": 0.02}
    assert executed == {"read_claim": 1, "check_eligibility": 1, "score_fraud": 1, "ask_again": 3, "pay": 1}
    assert named(run, "received").output_data == {"document": "claim 200", "source": "web"}
    assert named(run, "pay").input_data == {"member": "m200", "amount": 200}


async def test_a_decision_tells_why_this_way_and_why_not_the_others(ms: Mainstem) -> None:
    _, run = await outcome(ms, INTAKE, document="claim 200")
    decided = named(run, "decide").output_data
    assert (decided["to"], decided["label"]) == ("pay", "small")
    assert [(way["to"], way["taken"], way["why"], way.get("value")) for way in decided["ways"]] == [
        ("denied", False, "its condition does not hold", False),
        ("approve", False, "its condition does not hold", False),
        ("pay", True, "no condition before it held", None),
    ]


async def test_what_a_run_did_not_come_to_is_skipped_with_the_reason(ms: Mainstem) -> None:
    _, run = await outcome(ms, INTAKE, document="claim 200")
    assert skipped(run) == {
        "no_score": "fraud did not fail",
        "approve": "decide went to pay",
        "is_approved": "approve was skipped",
        "denied": "decide went to pay; is_approved was skipped",
    }


async def test_a_large_claim_waits_for_its_approval_without_a_worker(
    ms: Mainstem, database: Database
) -> None:
    async with started(ms, INTAKE, document="claim 5000") as run:
        await until(lambda: state_of(database) == "waiting")
    async with Worker(ms, [INTAKE]):
        [asked] = (await ms.approvals(assignee="ann")).approvals
        assert (asked.name, asked.form["title"], asked.due_at is not None) == (
            "approve",
            "Pay this claim?",
            True,
        )
        with pytest.raises(AnswerRefused, match="comment"):
            await ms.answer(asked.step_id, {"approved": True, "comment": 3})
        await ms.answer(asked.step_id, {"approved": True, "comment": "seen"}, by="ann")
        assert (await asyncio.wait_for(run.result(), 20))["payment"] == "5000 to m5000"
    recorded = await ms.get_run(run.run_id)
    assert named(recorded, "approve").output_data == {"approved": True, "comment": "seen", "timed_out": False}
    assert executed == {"read_claim": 1, "check_eligibility": 1, "score_fraud": 1, "ask_again": 3, "pay": 1}


async def test_an_answer_that_breaks_a_rule_of_its_form_is_refused_where_it_is_given(ms: Mainstem) -> None:
    form = {
        "amount": {"type": "number", "rule": "@ <= `100`"},
        "on": {"type": "date", "required": False},
        "letter": {"type": "file", "required": False},
    }
    ruled = graph_workflow(linear("ruled", kind="approval", config={"form": form}))
    async with started(ms, ruled) as run:
        [asked] = await until(lambda: open_approvals(ms))
        for answer, fault in (
            ({"amount": 200}, r"\$\.amount: 200 breaks the rule '@ <= `100`'"),
            ({"amount": 1, "on": "someday"}, r"\$\.on: 'someday' is no date"),
            ({"amount": 1, "letter": {"name": "a.pdf"}}, r"\$\.letter: .* is no file"),
        ):
            with pytest.raises(AnswerRefused, match=fault):
                await ms.answer(asked.step_id, {"approved": True, **answer})
        right = {"approved": True, "amount": 100, "on": "2026-05-01", "letter": "file:///a.pdf"}
        await ms.answer(asked.step_id, right)
        assert await asyncio.wait_for(run.result(), 20) == {"result": {**right, "timed_out": False}}


async def open_approvals(ms: Mainstem) -> Sequence[Approval]:
    return (await ms.approvals()).approvals


async def test_an_answer_that_is_not_as_the_form_asks_fails_the_node(ms: Mainstem) -> None:
    config = {"signal": "verdict", "form": {"comment": {"type": "string", "required": False}}}
    by_signal = graph_workflow(linear("by-signal", kind="approval", config=config))
    async with started(ms, by_signal) as run:
        await ms.signal(run.run_id, "verdict", {"comment": 3})
        with pytest.raises(RunFailed) as failed:
            await asyncio.wait_for(run.result(), 20)
    assert failed.value.message.startswith(
        "answer.approved: true or false is required\nanswer.comment: 3 is no string"
    )


async def test_an_error_edge_goes_on_where_the_node_failed(ms: Mainstem) -> None:
    failures["score_fraud"] = 1
    result, run = await outcome(ms, INTAKE, document="claim 200")
    assert result["score"] == 0.5
    assert named(run, "fraud").status == "failed"
    assert named(run, "on_error:fraud").output_data == {
        "took": [0],
        "ways": [{"to": "no_score", "label": None, "taken": True, "why": "no condition before it held"}],
    }
    assert named(run, "no_score").output_data["because"] == "score_fraud does not answer"


async def test_a_node_is_tried_again_as_it_says(ms: Mainstem) -> None:
    failures["check_eligibility"] = 2
    _, run = await outcome(ms, INTAKE, document="claim 200")
    assert executed["check_eligibility"] == 3
    assert named(run, "eligibility").retry_count == 2


async def test_a_failure_without_an_error_edge_fails_the_run(ms: Mainstem) -> None:
    failures["check_eligibility"] = 3
    async with started(ms, INTAKE, document="claim 200") as run:
        with pytest.raises(RunFailed, match="check_eligibility does not answer"):
            await asyncio.wait_for(run.result(), 20)


async def test_an_input_that_is_not_as_required_fails_a_run_that_passed_every_door(
    ms: Mainstem, database: Database
) -> None:
    run = await ms.start(INTAKE, document="claim 200")
    database.rows(
        """update mainstem.user_workflow_run set input_data = '{"document": "x", "source": "post"}' returning 1"""
    )
    async with Worker(ms, [INTAKE]):
        with pytest.raises(RunFailed) as failed:
            await asyncio.wait_for(run.result(), 20)
    assert "input.document: 'x' has length 1, less than 3" in failed.value.message
    assert "input.source: 'post' is none of 'web', 'voice', 'efax'" in failed.value.message


async def test_an_output_that_is_not_as_required_fails_its_node(ms: Mainstem) -> None:
    async with started(ms, INTAKE, document="claim -5") as run:
        with pytest.raises(RunFailed, match=r"output\.amount: -5 is -5, less than 0"):
            await asyncio.wait_for(run.result(), 20)


async def test_a_loop_ends_at_its_bound(ms: Mainstem) -> None:
    executed["ask_again"] = -10
    async with started(ms, INTAKE, document="claim 200") as run:
        with pytest.raises(RunFailed, match="complete was come by 6 times, and max_visits is 5"):
            await asyncio.wait_for(run.result(), 20)
    recorded = await ms.get_run(run.run_id)
    assert [step.iteration for step in recorded.steps if step.node_key == "complete"] == [1, 2, 3, 4, 5, 6]


async def test_the_first_branch_goes_on_from_a_join_of_any_and_the_others_end_there(ms: Mainstem) -> None:
    async with started(ms, FIRST) as run:
        await until(lambda: executed["told"] == 1)
        assert executed["slow"] == 0
        gate.set()
        assert await asyncio.wait_for(run.result(), 20) == {"from": {"slow": None, "fast": "fast"}}
    assert executed == {"fast": 1, "slow": 1, "told": 1}


async def test_who_was_first_stays_first_when_another_worker_goes_on(ms: Mainstem) -> None:
    async with started(ms, FIRST) as run:
        await until(lambda: executed["told"] == 1)
    gate.set()  # the second worker's branches are at the join together
    async with Worker(ms, [FIRST]):
        assert await asyncio.wait_for(run.result(), 20) == {"from": {"slow": None, "fast": "fast"}}
    assert executed["told"] == 1


async def test_a_delay_rests_as_long_as_it_says(ms: Mainstem, database: Database, clock: Clock) -> None:
    flow = graph_workflow(linear("later", kind="delay", config={"seconds": "2d"}))
    async with started(ms, flow) as run:
        await until(lambda: state_of(database) == "waiting")
        clock.advance(days=2)
        assert await asyncio.wait_for(run.result(), 20) == {"result": {}}


async def test_a_map_does_the_same_for_each_item(ms: Mainstem) -> None:
    words = {"function": "graph_functions:square", "at_once": 3, "on_error": "keep"}
    items = {"items": {"value": [1, -2, 3, 4]}}
    flow = graph_workflow(
        linear("squares", kind="map", config=words, data_bindings=items, retry={"attempts": 1})
    )
    result, run = await outcome(ms, flow)
    failed = {"error": {"type": "ValueError", "message": "-2 is negative"}}
    assert result == {"result": [1, failed, 9, 16]}
    assert sorted(step.input_data["item"] for step in run.steps if step.node_key == "middle:item") == [
        -2,
        1,
        3,
        4,
    ]


async def test_a_node_may_be_a_workflow_of_the_same_worker(ms: Mainstem) -> None:
    @workflow("double")
    async def double(number: int) -> int:
        return 2 * number

    numbers = {"number": {"input": "number"}}
    drawn = linear("caller", kind="workflow", config={"workflow": "double"}, data_bindings=numbers)
    result, _ = await outcome(ms, graph_workflow(drawn, workflows=[double]), number=21)
    assert result == {"result": 42}


def state_of(database: Database) -> str | None:
    rows = database.rows("select state from mainstem.user_workflow_run_queue")
    return rows[0]["state"] if rows else None


async def test_a_test_run_is_given_what_nodes_would_give_and_waits_for_nobody(
    ms: Mainstem, database: Database
) -> None:
    given = Test(
        outputs={"approve": {"approved": False}, "read": {"member": "m9", "amount": 9000, "codes": []}}
    )
    async with Worker(ms, [INTAKE]):
        run = await ms.start(INTAKE, document="claim 1", test=given)
        await asyncio.wait_for(run.result(), 20)
    found = await ms.get_run(run.run_id)
    assert named(found, "approve").metadata["given"] == "output"
    assert [one.node_key for one in found.steps if one.node_key == "approval:approve"] == []
    assert executed["read_claim"] == 0


async def test_a_graph_says_what_a_failure_does_and_how_long_a_run_may_take(
    ms: Mainstem, database: Database
) -> None:
    fails = linear("fails", kind="python", config={"function": "graph_functions:no_such"})
    waits = linear("waits", kind="approval")
    async with started(ms, graph_workflow({**fails, "on_failure": "pause"})) as run:
        await until(lambda: state_of(database) == "paused")
        middle = named(await ms.get_run(run.run_id), "middle")
        await ms.patch_step(run.run_id, middle.step_number, "by hand")
        assert await asyncio.wait_for(run.result(), 20) == {"result": "by hand"}
    async with started(ms, graph_workflow({**waits, "timeout": "1s"})) as run:
        with pytest.raises(RunFailed, match="longer than 1 s") as ended:
            await asyncio.wait_for(run.result(), 20)
        assert ended.value.status == "timeout"


async def test_items_of_a_map_may_run_in_other_processes(ms: Mainstem) -> None:
    words = {"function": "graph_functions:whereabouts", "item": "name", "executor": "process"}
    names = {"items": {"value": ["ann", "ben", "cyd"]}}
    result, run = await outcome(
        ms, graph_workflow(linear("scattered", kind="map", config=words, data_bindings=names))
    )
    assert [one["name"] for one in result["result"]] == ["ann", "ben", "cyd"]
    assert os.getpid() not in {one["pid"] for one in result["result"]}
    assert [one.status for one in run.steps if one.node_key == "middle:item"] == ["completed"] * 3


async def test_items_that_no_function_takes_fail_as_steps_of_their_own(ms: Mainstem) -> None:
    words = {"function": "graph_functions:whereabouts", "executor": "process", "on_error": "keep"}
    unbound = linear("unbound", kind="map", config=words, data_bindings={"items": {"value": [1]}})
    result, _run = await outcome(ms, graph_workflow(unbound))
    [kept] = result["result"]
    assert kept["error"]["type"] == "KindRefused"


async def test_a_function_of_a_node_may_run_in_another_process(ms: Mainstem, database: Database) -> None:
    config = {"function": "graph_functions:whereabouts", "executor": "process", "resources": {"cpu": 1}}
    elsewhere = graph_workflow(
        linear("elsewhere", kind="python", config=config, data_bindings={"name": {"value": "ann"}})
    )
    result, run = await outcome(ms, elsewhere)
    assert result["result"]["name"] == "ann"
    assert result["result"]["pid"] != os.getpid()
    assert [one.status for one in run.steps if one.node_key == "middle:call"] == ["completed"]
