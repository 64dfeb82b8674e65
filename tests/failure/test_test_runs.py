"""Test runs: what stands in for their steps, how that is marked, and where they are not counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import ONCE, Mainstem, RunFailed, Test, Worker, step, workflow
from mainstem.errors import UnstorableValue

pytestmark = ON_ONE_SERVER

done: list[str] = []


@dataclass(frozen=True)
class Answer:
    """What a service says."""

    active: bool
    score: int


@step(retry=ONCE)
async def ask(member: str) -> Answer:
    done.append(member)
    if member == "nobody":
        raise ValueError("whom?")
    return Answer(active=True, score=1)


@workflow("eligibility")
async def eligibility(members: list[str]) -> list[int]:
    return [(await ask(member)).score for member in members]


@pytest.fixture(autouse=True)
def fresh() -> None:
    done.clear()


async def test_steps_are_given_outputs_and_single_calls_are_pinned(ms: Mainstem, database: Database) -> None:
    test = Test(
        outputs={"ask": Answer(active=False, score=7)}, pins={"ask": {2: {"active": True, "score": 9}}}
    )
    for is_here in (True, False):  # begun by the worker of this process, and claimed
        async with Mainstem(database.url) as other, Worker(ms, [eligibility]):
            run = await (ms if is_here else other).start(eligibility, ["a", "b", "c"], test=test)
            assert await asyncio.wait_for(run.result(), 10) == [7, 9, 7]
        found = await ms.get_run(run.run_id)
        assert found.is_test
        assert [one.metadata["given"] for one in found.steps] == ["output", "pin", "output"]
        assert [one.input_data for one in found.steps] == [{"member": "a"}, {"member": "b"}, {"member": "c"}]
    assert done == []


async def test_what_is_not_given_runs(ms: Mainstem) -> None:
    async with Worker(ms, [eligibility]):
        run = await ms.start(
            eligibility, ["a", "b"], test=Test(pins={"ask": {1: {"active": True, "score": 5}}})
        )
        assert await asyncio.wait_for(run.result(), 10) == [5, 1]
        pinned = Test.pinned(await ms.get_run(run.run_id), "ask")
        again = await ms.start(eligibility, ["a", "b"], test=pinned)
        assert await asyncio.wait_for(again.result(), 10) == [5, 1]
    assert done == ["b"]


async def test_an_output_that_does_not_fit_the_step_fails_the_run_and_says_so(ms: Mainstem) -> None:
    async with Worker(ms, [eligibility]):
        run = await ms.start(eligibility, ["a"], test=Test(outputs={"ask": "seven"}))
        with pytest.raises(RunFailed, match="Answer"):
            await asyncio.wait_for(run.result(), 10)
    with pytest.raises(UnstorableValue, match="a test run is given"):
        await ms.start(eligibility, ["a"], test=Test(outputs={"ask": b"bytes"}))


async def test_statistics_leave_test_runs_out(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [eligibility]):
        for test in (Test(outputs={"ask": {"active": True, "score": 1}}), None):
            await (await ms.start(eligibility, ["a"], test=test)).result()
    for view, column in (
        ("v_workflow_channel_performance", "execution_count"),
        ("v_node_execution_stats", "execution_count"),
    ):
        assert database.value(f"select {column} from mainstem.{view}") == 1, view


async def test_failed_steps_of_test_runs_are_in_no_analysis(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [eligibility]):
        for test in (Test(pins={"ask": {2: {}}}), None):
            run = await ms.start(eligibility, ["nobody"], test=test)
            with pytest.raises(RunFailed):
                await asyncio.wait_for(run.result(), 20)
    assert database.value("select count(*) from mainstem.v_failed_steps_analysis") == 1
