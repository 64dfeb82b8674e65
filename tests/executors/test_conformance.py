"""What a step may count on wherever its function runs: the same sentences over each executor."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from executed import is_running, one_call

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    Inline,
    Mainstem,
    ProcessPool,
    Ray,
    RunCancelled,
    RunFailed,
    RunHandle,
    StepExecutor,
    Thread,
    Worker,
)
from mainstem.model import Run

pytestmark = ON_ONE_SERVER

HAS_RAY = importlib.util.find_spec("ray") is not None
WITHOUT_RAY = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed")
ALL = ["inline", "thread", "process", pytest.param("ray", marks=WITHOUT_RAY)]
APART = ["process", pytest.param("ray", marks=WITHOUT_RAY)]
"""Those that run functions in processes of their own: they can stop them, and lose them."""


@pytest.fixture(scope="module")
def executors() -> Iterator[dict[str, StepExecutor]]:
    """For all workers of these tests, so that processes are begun once."""
    two = {"cpu": 2}
    found: dict[str, StepExecutor] = {"inline": Inline(two), "thread": Thread(two), "process": ProcessPool(2)}
    found |= {"ray": Ray(num_cpus=2, include_dashboard=False)}
    for executor in found.values():
        asyncio.run(executor.start())
    yield found
    for executor in found.values():
        asyncio.run(executor.stop())


@pytest.fixture
async def ms(database: Database, executors: dict[str, StepExecutor]) -> AsyncIterator[Mainstem]:
    """A client whose runs go to a worker with every executor."""
    async with Mainstem(database.url) as client, Worker(client, [one_call], executors=executors):
        yield client


async def called(ms: Mainstem, executor: str, name: str, *args: Any) -> tuple[RunHandle, Run]:
    """The run of one call, ended however it may."""
    handle = await ms.start(one_call, executor, name, list(args))
    with suppress(RunFailed, RunCancelled):
        await handle.result()
    return handle, await ms.get_run(handle.run_id)


@pytest.mark.parametrize("executor", ALL)
async def test_arguments_and_results_have_the_types_that_the_author_wrote(
    ms: Mainstem, executor: str
) -> None:
    for name in ("turned", "turned_later"):
        _, run = await called(ms, executor, name, {"number": 3, "text": "claim"})
        [step] = run.steps
        assert (step.status, step.output_data) == ("completed", {"number": 4, "text": "claim"})


@pytest.mark.parametrize("executor", ALL)
async def test_what_a_function_tells_is_recorded_with_its_step(ms: Mainstem, executor: str) -> None:
    handle, run = await called(ms, executor, "told")
    [step] = run.steps
    key = f"{handle.run_id}:told:1"
    assert step.output_data == {"run_id": str(handle.run_id), "attempt": 1, "key": key, "number": 1}
    assert [(event.event_type, event.event_data) for event in step.events] == [("looked", {"page": 1})]
    assert step.screenshots == [{"url": "https://files.example.test/1.png"}]
    assert run.endpoints_used == ["https://models.example.test"]
    assert step.metadata["usage"] == [
        {"model": "large", "calls": 2, "tokens_in": 150, "tokens_out": 20, "cost": 0.3},
        {"model": "small", "calls": 1, "tokens_in": 1, "tokens_out": 0, "cost": 0},
    ]


@pytest.mark.parametrize("executor", ALL)
async def test_what_a_function_raises_is_the_steps_failure_with_its_class_and_trace(
    ms: Mainstem, executor: str
) -> None:
    _, run = await called(ms, executor, "refused", 2)
    [step] = run.steps
    assert (step.status, step.error_message) == ("failed", "tray 2 has no blue paper")
    assert step.error_details["type"] == "OutOfPaper"
    assert "raise OutOfPaper(tray" in step.error_details["traceback"]


@pytest.mark.parametrize("executor", ALL)
async def test_an_exception_says_when_it_may_be_tried_again(ms: Mainstem, executor: str) -> None:
    _, run = await called(ms, executor, "refused_often")
    [step] = run.steps
    rests = [
        event.event_data["rest_seconds"] for event in step.events if event.event_type == "attempt_failed"
    ]
    assert rests == [0.05, 0.05]


@pytest.mark.parametrize("executor", ALL)
async def test_a_result_that_cannot_be_stored_fails_the_step_at_once(ms: Mainstem, executor: str) -> None:
    for name, args, code in (("not_stored", (), "MS201"), ("large", (17 * 2**20,), "MS202")):
        _, run = await called(ms, executor, name, *args)
        [step] = run.steps
        assert (step.status, step.retry_count, step.error_details["code"]) == ("failed", 0, code)


@pytest.mark.parametrize("executor", ALL)
async def test_a_large_result_comes_back_whole(ms: Mainstem, executor: str) -> None:
    handle = await ms.start(one_call, executor, "large", [12 * 2**20])
    assert await handle.result() == "x" * 12 * 2**20


@pytest.mark.parametrize("executor", ALL)
async def test_who_asks_for_more_than_there_is_in_all_is_refused(ms: Mainstem, executor: str) -> None:
    _, run = await called(ms, executor, "greedy")
    [step] = run.steps
    assert (step.status, step.error_details["code"]) == ("failed", "MS333")
    assert "1000 cpu" in str(step.error_message)


@pytest.mark.parametrize("executor", ["thread", *APART])
async def test_no_more_run_at_once_than_there_are_resources_for(
    ms: Mainstem, executor: str, tmp_path: Path
) -> None:
    handles = [await ms.start(one_call, executor, "wide", [str(tmp_path), str(n)]) for n in range(3)]
    assert [await handle.result() for handle in handles] == [1, 1, 1]


@pytest.mark.parametrize("executor", APART)
async def test_as_many_run_side_by_side_as_there_is_room_for(
    ms: Mainstem, executor: str, tmp_path: Path
) -> None:
    handles = [await ms.start(one_call, executor, "met", [str(tmp_path), str(n)]) for n in range(2)]
    assert [await handle.result() for handle in handles] == [True, True]


@pytest.mark.parametrize("executor", ["thread", *APART])
async def test_a_run_that_is_cancelled_does_not_wait_for_its_step(
    ms: Mainstem, executor: str, tmp_path: Path
) -> None:
    begun, done = tmp_path / "begun", tmp_path / "done"
    handle = await ms.start(one_call, executor, "slow", [str(begun), str(done)])
    await until(lambda: begun.exists() and begun.read_text())
    await ms.cancel(handle.run_id, reason="not needed")
    with pytest.raises(RunCancelled):
        await handle.result()
    assert not done.exists()
    [step] = (await ms.get_run(handle.run_id)).steps
    assert step.status == "cancelled"


@pytest.mark.parametrize("executor", APART)
@pytest.mark.parametrize("name", ["slow", "slow_in_time"])
async def test_work_that_is_cancelled_or_takes_too_long_is_stopped(
    ms: Mainstem, executor: str, name: str, tmp_path: Path
) -> None:
    begun, done = tmp_path / "begun", tmp_path / "done"
    await called(ms, executor, "process")  # so that it begins at once
    handle = await ms.start(one_call, executor, name, [str(begun), str(done)])
    await until(lambda: begun.exists() and begun.read_text())
    if name == "slow":
        await ms.cancel(handle.run_id)
    with pytest.raises((RunCancelled, RunFailed)):
        await handle.result()
    pid = int(begun.read_text())
    await until(lambda: not is_running(pid), seconds=5)
    assert not done.exists()


@pytest.mark.parametrize("executor", ["thread", *APART])
async def test_what_took_too_long_is_tried_again(ms: Mainstem, executor: str, tmp_path: Path) -> None:
    _, run = await called(ms, executor, "slow_at_first", str(tmp_path))
    [step] = run.steps
    assert (step.status, step.output_data, step.retry_count) == ("completed", "quick", 1)
    [failed] = [event.event_data for event in step.events if event.event_type == "attempt_failed"]
    assert "took longer than 0.7 s" in failed["error"]


@pytest.mark.parametrize("executor", APART)
async def test_when_what_runs_it_dies_the_attempt_fails_and_the_next_one_goes_on(
    ms: Mainstem, executor: str, tmp_path: Path
) -> None:
    _, run = await called(ms, executor, "killed_at_first", str(tmp_path))
    [step] = run.steps
    assert (step.status, step.output_data, step.retry_count) == ("completed", "attempt 2", 1)
    assert step.metadata["usage"][0]["calls"] in (1, 2)  # of the lost attempt what was told in time


@pytest.mark.parametrize("executor", APART)
async def test_one_that_always_dies_fails_with_the_reason_and_harms_no_other(
    ms: Mainstem, executor: str
) -> None:
    dying = [called(ms, executor, "exited") for _ in range(3)]
    living = [called(ms, executor, "process") for _ in range(3)]
    runs = [run for _, run in await asyncio.gather(*dying, *living)]
    assert [run.status for run in runs] == ["failed"] * 3 + ["completed"] * 3
    [step] = runs[0].steps
    assert (step.error_details["code"], step.error_details["type"]) == ("MS331", "ExecutorLost")


@pytest.mark.parametrize("executor", ALL)
async def test_a_step_runs_where_it_asks_to(ms: Mainstem, executor: str) -> None:
    _, run = await called(ms, executor, "process")
    is_apart = executor in ("process", "ray")
    assert (run.steps[0].output_data != os.getpid()) == is_apart
