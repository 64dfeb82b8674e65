"""Steps as their author sees them: plain and async, retried, timed out, refused."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import (
    ONCE,
    Mainstem,
    Retry,
    RunFailed,
    StepFailed,
    Worker,
    gather,
    step,
    step_info,
    workflow,
)
from mainstem.model import RunStatus

attempts: Counter[str] = Counter()
released = threading.Event()
keys: list[tuple[str, int, str]] = []


class ServiceDown(Exception):
    """Comes and goes."""


class TooManyRequests(Exception):
    """As an HTTP client raises it, with the header's number."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("429 Too Many Requests")
        self.retry_after = retry_after


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    attempts.clear()
    keys.clear()
    released.clear()


@step
def thread_name() -> str:
    return threading.current_thread().name


@step
async def task_thread_name() -> str:
    return threading.current_thread().name


@workflow("plain-and-async")
async def plain_and_async() -> list[str]:
    return [await thread_name(), await task_thread_name()]


@step(retry=Retry(attempts=4, first=0.01, factor=2, longest=0.02))
async def third_time_lucky() -> int:
    attempts["lucky"] += 1
    if attempts["lucky"] < 3:
        raise ServiceDown(f"down for the {attempts['lucky']}. time")
    return attempts["lucky"]


@workflow("lucky")
async def lucky() -> int:
    return await third_time_lucky()


@step(retry=Retry(attempts=3, first=0.01))
async def always_down() -> None:
    attempts["down"] += 1
    raise ServiceDown("down")


@step(retry=Retry(attempts=5, first=0.01, never=(ServiceDown,)))
async def hopeless() -> None:
    attempts["hopeless"] += 1
    raise ServiceDown("no hope")


@workflow("goes-on-without")
async def goes_on_without(which: str) -> list[str]:
    try:
        await (always_down() if which == "down" else hopeless())
    except StepFailed as failed:
        return [failed.error_type, failed.message]
    return []


@workflow("gives-up")
async def gives_up() -> None:
    await always_down()


@step(retry=Retry(attempts=2, first=0.01))
async def throttled() -> str:
    attempts["throttled"] += 1
    if attempts["throttled"] == 1:
        raise TooManyRequests(retry_after=3600)
    return "served"


@workflow("throttle")
async def throttle() -> str:
    return await throttled()


@step(timeout=0.05, retry=ONCE)
async def dawdle() -> None:
    await asyncio.sleep(30)


@step(timeout=0.05, retry=ONCE)
def block() -> str:
    released.wait(30)
    attempts["late"] += 1
    return "late"


@step
def quick() -> str:
    return "quick"


@workflow("too-slow")
async def too_slow(blocks: bool) -> list[str]:
    try:
        await (block() if blocks else dawdle())
    except StepFailed as failed:
        return [failed.error_type, await quick()]
    return []


@step
def side_by_side(barrier_of: int) -> bool:
    attempts["beside"] += 1
    deadline = time.monotonic() + 10
    while attempts["beside"] < barrier_of and time.monotonic() < deadline:
        released.wait(0.01)
    return attempts["beside"] >= barrier_of


@workflow("beside")
async def beside(number: int) -> list[bool]:
    return await gather(*(side_by_side(number) for _ in range(number)))


@step(retry=Retry(attempts=2, first=0.01))
async def note_key(place: str) -> None:
    info = step_info()
    keys.append((place, info.attempt, info.idempotency_key))
    if info.attempt == 1:
        raise ServiceDown("once more")


@workflow("keyed")
async def keyed() -> None:
    await gather(note_key("left"), note_key("right"))
    await note_key("after")


pytestmark = ON_ONE_SERVER


async def test_a_plain_step_runs_in_a_thread_and_an_async_one_in_the_loop(ms: Mainstem) -> None:
    async with Worker(ms, [plain_and_async]):
        run = await ms.start(plain_and_async)
        plain, in_loop = await asyncio.wait_for(run.result(), 10)
    assert in_loop == threading.current_thread().name != plain


async def test_a_failed_attempt_is_repeated_and_stays_in_the_step_s_events(ms: Mainstem) -> None:
    async with Worker(ms, [lucky]):
        run = await ms.start(lucky)
        assert await asyncio.wait_for(run.result(), 10) == 3
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert (recorded.status, recorded.retry_count, recorded.error_message) == ("completed", 2, None)
    assert [
        (event.event_type, event.event_data["attempt"], event.event_data["error"])
        for event in recorded.events
    ] == [
        ("attempt_failed", 1, "down for the 1. time"),
        ("attempt_failed", 2, "down for the 2. time"),
    ]


async def test_retries_are_finite_and_the_code_may_go_on_without_the_step(ms: Mainstem) -> None:
    async with Worker(ms, [goes_on_without]):
        run = await ms.start(goes_on_without, "down")
        assert await asyncio.wait_for(run.result(), 10) == ["ServiceDown", "down"]
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert attempts["down"] == 3
    assert (recorded.status, recorded.retry_count, recorded.error_message) == ("failed", 2, "down")
    assert recorded.error_details["type"] == "ServiceDown"


async def test_a_step_s_failure_that_nobody_catches_is_the_run_s(ms: Mainstem) -> None:
    async with Worker(ms, [gives_up]):
        run = await ms.start(gives_up)
        with pytest.raises(RunFailed, match="down"):
            await asyncio.wait_for(run.result(), 10)
    recorded = await ms.get_run(run.run_id)
    assert (recorded.status, recorded.error_message) == (RunStatus.FAILED, "down")
    assert recorded.error_details["type"] == "StepFailed"


async def test_an_exception_in_never_fails_the_step_at_once(ms: Mainstem) -> None:
    async with Worker(ms, [goes_on_without]):
        run = await ms.start(goes_on_without, "hopeless")
        assert await asyncio.wait_for(run.result(), 10) == ["ServiceDown", "no hope"]
    assert attempts["hopeless"] == 1


async def test_retry_after_is_kept_and_costs_no_worker_meanwhile(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [throttle]):
        run = await ms.start(throttle)
        rests = "select due_at - mainstem.clock() > interval '59 minutes' from mainstem.user_workflow_run_queue where state = 'waiting'"
        await until(lambda: database.rows(rests) == [{"?column?": True}])
        assert attempts["throttled"] == 1
        clock.advance(seconds=3601)
        assert await asyncio.wait_for(run.result(), 10) == "served"


async def test_a_rest_that_was_not_recorded_as_its_worker_died_is_over(
    ms: Mainstem, database: Database
) -> None:
    """The failed attempt was recorded, and the worker killed before the rest was: nobody knows when it is due, so it is."""
    attempts["throttled"] = 0
    async with Worker(ms, [throttle]):
        run = await ms.start(throttle)
        waiting = "select 1 from mainstem.user_workflow_run_queue where state = 'waiting'"
        await until(lambda: database.rows(waiting))
        with database.connect(None) as killed:
            killed.execute("update mainstem.user_workflow_run_step set metadata = metadata - 'wait'")
            killed.execute(
                "update mainstem.user_workflow_run_queue set state = 'ready', due_at = mainstem.clock()"
            )
            killed.execute("notify mainstem_ready")
        assert await asyncio.wait_for(run.result(), 10) == "served"


@pytest.mark.parametrize("blocks", [False, True])
async def test_a_step_that_takes_too_long_fails_in_time(ms: Mainstem, blocks: bool) -> None:
    began = time.monotonic()
    async with Worker(ms, [too_slow]):
        run = await ms.start(too_slow, blocks)
        assert await asyncio.wait_for(run.result(), 10) == ["StepTimedOut", "quick"]
        assert time.monotonic() - began < 5
        released.set()
        if blocks:
            await until(lambda: attempts["late"] == 1)
    slow, _quick = (await ms.get_run(run.run_id)).steps
    assert (slow.status, slow.output_data, slow.error_details["code"]) == ("failed", None, "MS307")


async def test_plain_steps_that_block_hold_up_no_others(ms: Mainstem) -> None:
    async with Worker(ms, [beside]):
        run = await ms.start(beside, 40)
        assert all(await asyncio.wait_for(run.result(), 20))


async def test_a_step_s_idempotency_key_is_the_same_in_each_attempt_and_no_other_step_has_it(
    ms: Mainstem,
) -> None:
    async with Worker(ms, [keyed]):
        await asyncio.wait_for((await ms.start(keyed)).result(), 10)
    of_place = {place: {key for there, _, key in keys if there == place} for place, *_ in keys}
    assert sorted(attempt for _, attempt, _ in keys) == [1, 1, 1, 2, 2, 2]
    assert all(len(found) == 1 for found in of_place.values())
    assert len(set.union(*of_place.values())) == 3
