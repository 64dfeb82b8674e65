"""mainstem.testing: a ledger of its own whose clock moves, as users have it in their tests."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from mainstem import RunFailed, SignalTimedOut, Test, days, sleep, step, testing, wait_for_signal, workflow


@step
async def ask_outside(member: str) -> str:
    raise ConnectionError(f"nobody answers for {member}")


@workflow("approval")
async def approval(member: str) -> str:
    told = await ask_outside(member)
    await sleep(timedelta(hours=2))
    try:
        return str(await wait_for_signal("supervisor", timeout=days(3)))
    except SignalTimedOut:
        return f"{told}: nobody decided"


@workflow("hasty", timeout=days(1))
async def hasty() -> None:
    await wait_for_signal("never")


async def test_a_three_day_approval_takes_milliseconds() -> None:
    async with testing.ledger(approval, hasty) as t:
        run = await t.start(approval, "ann", test=Test(outputs={"ask_outside": "active"}))
        await t.until_waiting(run)
        began = time.monotonic()
        await t.advance(hours=2)
        await t.until(run, lambda found: len(found.steps) == 3 and found.status == "waiting")
        await t.advance(days=3)
        assert await run.result() == "active: nobody decided"
        assert time.monotonic() - began < 3
        late = await t.start(hasty)
        await t.until_waiting(late)
        await t.advance(days=1, seconds=1)
        with pytest.raises(RunFailed) as ended:
            await late.result()
        assert ended.value.status == "timeout"


async def test_each_ledger_is_new_and_its_clock_is_its_own() -> None:
    async with testing.ledger(approval) as one, testing.ledger(approval) as other:
        await one.advance(days=400)
        run = await other.start(approval, "ann", test=Test(outputs={"ask_outside": "active"}))
        await other.until_waiting(run)
        assert (await one.client.list_runs()).runs == []
        found = await other.client.get_run(run.run_id)
        assert abs(found.created_at.timestamp() - time.time()) < 60


async def test_a_run_that_does_not_come_there_is_named_with_the_state_it_is_in() -> None:
    async with testing.ledger(hasty) as t:
        run = await t.start(hasty)
        await t.until_waiting(run)
        with pytest.raises(testing.NotReached, match="is waiting after"):
            await t.until(run, lambda found: found.status == "paused", patience=0.1)
