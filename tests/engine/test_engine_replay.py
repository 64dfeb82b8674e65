"""Replay: another worker goes on where the record ends, and code that no longer fits pauses the run."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    ONCE,
    Mainstem,
    Retry,
    RunFailed,
    Terms,
    Worker,
    Workflow,
    gather,
    get_context,
    set_context,
    step,
    wait_for_signal,
    workflow,
)
from mainstem.errors import RunIsOver

pytestmark = ON_ONE_SERVER

executed: Counter[str] = Counter()
seen: list[object] = []


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    executed.clear()
    seen.clear()


class Kind(StrEnum):
    LETTER = "letter"


@dataclass
class Page:
    number: int
    received: datetime


class Claim(BaseModel):
    claim_id: UUID
    amount: Decimal
    due: date | None
    kind: Kind
    pages: list[Page]


CLAIM = Claim(
    claim_id=UUID(int=7),
    amount=Decimal("12.30"),
    due=date(2026, 1, 2),
    kind=Kind.LETTER,
    pages=[Page(1, datetime(2026, 1, 1, tzinfo=UTC))],
)


@step
async def note(name: str) -> str:
    executed[name] += 1
    return name


@step
async def read_claim(claim: Claim) -> Claim:
    executed["claim"] += 1
    return claim


@step
async def read_pages(claim: Claim) -> list[Page]:
    executed["pages"] += 1
    return claim.pages


@step(retry=ONCE)
async def refuse(value: object) -> None:
    executed["refuse"] += 1
    raise LookupError("no such member")


@workflow("typed")
async def typed(claim: Claim) -> Claim:
    seen.append([claim, await read_claim(claim), await read_pages(claim)])
    await wait_for_signal("go")
    return await read_claim(claim)


@workflow("many-steps")
async def many_steps(last: str) -> list[str]:
    begun = [await note("one"), *await gather(note("two"), note("three"))]
    await set_context("so far", begun)
    await wait_for_signal("go")
    return [*begun, *await get_context("so far"), await note(last)]


@workflow("handles")
async def handles(value: object) -> list[str]:
    told = []
    for attempt in (refuse(value), refuse(b"bytes")):
        try:
            await attempt
        except Exception as error:  # noqa: BLE001  (what is told now and in a replay is the same)
            told.append([type(error).__name__, getattr(error, "error_type", ""), str(error)])
    seen.append(told)
    await wait_for_signal("go")
    return told[0]


@step(retry=Retry(attempts=5, first=0.3, factor=1))
async def never_works() -> None:
    executed["attempt"] += 1
    raise ConnectionError(f"{executed['attempt']}th time")


@workflow("again-and-again")
async def again_and_again() -> None:
    await never_works()


@workflow("changing")
async def first_code() -> list[str]:
    before = [await note("one"), await note("two")]
    await wait_for_signal("go")
    return [*before, await note("three")]


@step
async def other_note(name: str) -> str:
    executed["other"] += 1
    return name


@workflow("changing")
async def other_name() -> list[str]:
    before = [await note("one"), await other_note("two")]
    await wait_for_signal("go")
    return before


@step
async def prelude() -> None:
    executed["prelude"] += 1


@workflow("changing")
async def one_more_step_before() -> list[str]:
    await prelude()
    return await first_code()


@workflow("changing")
async def catches_everything() -> list[str]:
    try:
        await prelude()
    except Exception:  # noqa: BLE001  (what careless code does)
        executed["caught"] += 1
    return []


@workflow("changing")
async def ends_too_soon() -> list[str]:
    return [await note("one")]


@workflow("changing")
async def gathers() -> list[str]:
    await gather(note("one"), note("two"))
    await wait_for_signal("go")
    return []


@workflow("changing")
async def forgets_to_gather() -> list[str]:
    await wait_for_signal("go")
    return []


async def test_recorded_steps_are_not_run_again_when_their_worker_is_gone(
    ms: Mainstem, database: Database
) -> None:
    run = await left_waiting(ms, database, many_steps, "four")
    async with Worker(ms, [many_steps]):
        await ms.signal(run, "go")
        expected = ["one", "two", "three"]
        assert await asyncio.wait_for(ms.result(run), 10) == [*expected, *expected, "four"]
    assert executed == {"one": 1, "two": 1, "three": 1, "four": 1}


async def test_types_come_back_live_and_on_replay(ms: Mainstem, database: Database) -> None:
    run = await left_waiting(ms, database, typed, CLAIM)
    async with Worker(ms, [typed]):
        await ms.signal(run, "go")
        assert await asyncio.wait_for(ms.result(run, typed), 10) == CLAIM
    assert seen == [[CLAIM, CLAIM, CLAIM.pages]] * 2
    assert executed == {"claim": 2, "pages": 1}


async def test_a_failed_step_tells_the_code_the_same_in_every_replay(
    ms: Mainstem, database: Database
) -> None:
    run = await left_waiting(ms, database, handles, 1)
    async with Worker(ms, [handles]):
        await ms.signal(run, "go")
        assert await asyncio.wait_for(ms.result(run), 10) == ["StepFailed", "LookupError", "no such member"]
    assert seen[0] == seen[1]
    assert executed == {"refuse": 1}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (other_name, ["step 2, note (2)", "the code with other_note (1)"]),
        (one_more_step_before, ["step 1, note (1)", "the code with prelude (1)"]),
        (catches_everything, ["step 1, note (1)", "the code with prelude (1)"]),
        (ends_too_soon, ["step 2, note (2)", "the code with its end"]),
        (gathers, ["step 1, note (1)", "the code with note (1) in branch 1.0/"]),
    ],
    ids=lambda given: given.function.__name__ if isinstance(given, Workflow) else "",
)
async def test_code_that_does_not_fit_the_record_pauses_the_run_and_the_right_code_resumes_it(
    ms: Mainstem, database: Database, code: Workflow[[], list[str]], expected: list[str]
) -> None:
    run = await left_waiting(ms, database, first_code)
    async with Worker(ms, [code]):
        await ms.signal(run, "go")
        await until(lambda: status(ms, run, "paused"))
    paused = await ms.get_run(run)
    assert paused.error_details["code"] == "MS302"
    assert all(part in str(paused.error_message) for part in [*expected, "resume"])
    assert {name: count for name, count in executed.items() if name != "caught"} == {"one": 1, "two": 1}
    async with Worker(ms, [first_code]):
        await ms.resume(run)
        assert await asyncio.wait_for(ms.result(run), 10) == ["one", "two", "three"]
    assert executed["three"] == 1
    with pytest.raises(RunIsOver):
        await ms.resume(run)


async def test_branches_that_the_code_no_longer_begins_are_missed(ms: Mainstem, database: Database) -> None:
    run = await left_waiting(ms, database, gathers)
    async with Worker(ms, [forgets_to_gather]):
        await ms.signal(run, "go")
        await until(lambda: status(ms, run, "paused"))
    assert "note (1); the code with its end" in str((await ms.get_run(run)).error_message)


async def test_a_worker_that_dies_between_attempts_leaves_the_next_ones_to_another(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [again_and_again]):
        run = await ms.start(again_and_again)
        await until(lambda: executed["attempt"] == 2)
    async with Worker(ms, [again_and_again]):
        with pytest.raises(RunFailed, match="5th"):
            await asyncio.wait_for(run.result(), 20)
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert executed["attempt"] == 5
    assert [event.event_data["attempt"] for event in recorded.events] == [1, 2, 3, 4]


async def left_waiting(ms: Mainstem, database: Database, code: Workflow[..., Any], *args: object) -> UUID:
    """A run that waits, and whose worker has gone."""
    async with Worker(ms, [code], Terms(slots=5)):
        run = await ms.start(code, *args)
        await until(lambda: database.value("select state from mainstem.user_workflow_run_queue") == "waiting")
    return run.run_id


async def status(ms: Mainstem, run_id: UUID, expected: str) -> bool:
    return (await ms.get_run(run_id)).status == expected
