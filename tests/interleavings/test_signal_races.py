"""A signal against a wait that begins at that moment: whichever comes first, the signal is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from manual_worker import ManualWorker, ending, manual_workers, wait
from psycopg.types.json import Jsonb
from sessions import Session, eventually, outcomes, sessions, start_engine_runs, start_record, unhindered

from conftest import Clock, Database, Tenant
from mainstem.model import ClaimedRun

SEND = "send_workflow_signal"


# What the obvious forms do: one run, one signal, in plain tables.


@pytest.fixture
async def plain(database: Database) -> AsyncIterator[tuple[Session, Session]]:
    """A waiter and a sender; the run in the queue is owned and about to wait."""
    async with sessions(database, 2, role=None) as (waiter, sender):
        await waiter.rows("create table public.queue as select 1 as run, 'owned' as state")
        await waiter.rows("create table public.signal (run int)")
        yield waiter, sender


SIGNALS = "select count(*) from public.signal"
SUSPEND = "update public.queue set state = 'waiting'"
INSERT = "insert into public.signal values (1)"
WAKE = "update public.queue set state = 'ready' where state = 'waiting'"
LOCK = "select state from public.queue for no key update"


async def is_lost(session: Session) -> bool:
    """The run waits for ever, and its signal lies there."""
    return (await session.value("select state from public.queue"), await session.value(SIGNALS)) == (
        "waiting",
        1,
    )


async def test_check_then_suspend_loses_a_signal_that_comes_between(plain: tuple[Session, Session]) -> None:
    waiter, sender = plain
    await waiter.begin()
    assert await waiter.value(SIGNALS) == 0
    await sender.rows(INSERT)
    await sender.rows(WAKE)
    await waiter.rows(SUSPEND)
    await waiter.commit()
    assert await is_lost(waiter)


async def test_check_then_suspend_loses_a_signal_that_is_not_committed_yet(
    plain: tuple[Session, Session],
) -> None:
    waiter, sender = plain
    await sender.begin()
    await sender.rows(INSERT)
    await sender.rows(WAKE)
    assert await waiter.value(SIGNALS) == 0
    await waiter.rows(SUSPEND)
    await sender.commit()
    assert await is_lost(waiter)


async def test_lock_and_check_in_one_statement_loses_it_too(plain: tuple[Session, Session]) -> None:
    """The statement waits for the lock, and then decides by the snapshot that it began with."""
    waiter, sender = plain
    await sender.begin()
    await sender.rows(LOCK)
    await sender.rows(INSERT)
    await sender.rows("update public.queue set state = state")
    late = await waiter.blocked(
        waiter.rows(f"{SUSPEND} where not exists (select from public.signal s where s.run = queue.run)")
    )
    await sender.commit()
    await late
    assert await is_lost(waiter)


async def test_lock_then_check_loses_it_under_repeatable_read(plain: tuple[Session, Session]) -> None:
    """A sender who only locked the row: nobody is told to try again, and the old snapshot shows no signal."""
    waiter, sender = plain
    await waiter.begin("repeatable read")
    await waiter.value("select 1 from public.queue")
    await sender.begin()
    await sender.rows(LOCK)
    await sender.rows(INSERT)
    late = await waiter.blocked(waiter.rows(LOCK))
    await sender.commit()
    await late
    assert await waiter.value(SIGNALS) == 0
    await waiter.rows(SUSPEND)
    await waiter.commit()
    assert await is_lost(waiter)


# Ours.


@pytest.fixture
async def sender(database: Database) -> AsyncIterator[Session]:
    async with sessions(database, 1) as (session,):
        yield session


@pytest.fixture
async def waiter(database: Database) -> AsyncIterator[ManualWorker]:
    async with manual_workers(database) as (worker,):
        yield worker


@pytest.fixture
async def run(tenant: Tenant, sender: Session, waiter: ManualWorker) -> ClaimedRun:
    """A run that the waiter owns."""
    await start_engine_runs(sender, start_record(tenant))
    [claimed] = await waiter.claim()
    return claimed


async def taken(waiter: ManualWorker, run: ClaimedRun, name: str = "verdict") -> Any:
    """The payload that the wait is given now."""
    [answer] = await waiter.answers(wait(run, name))
    assert answer["answer"] == "signal", answer
    return answer["payload"]


async def test_a_signal_sent_before_the_wait_is_taken_at_once(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await sender.call(SEND, run.run_id, "verdict", Jsonb("yes"))
    assert await taken(waiter, run) == "yes"


async def test_a_signal_that_is_not_committed_when_the_wait_begins_is_taken_after(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await sender.begin()
    await sender.call(SEND, run.run_id, "verdict", Jsonb("yes"))
    assert await unhindered(waiter.flush(wait(run, "verdict"))) == [(run.run_id, "busy")]
    await sender.commit()
    assert await taken(waiter, run) == "yes"


async def test_a_signal_that_is_rolled_back_was_never_sent(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await sender.begin()
    await sender.call(SEND, run.run_id, "verdict", Jsonb("yes"))
    await waiter.flush(wait(run, "verdict"))
    await sender.rollback()
    assert (run.run_id, "suspended") in await waiter.flush(wait(run, "verdict"))


async def test_a_signal_that_comes_while_the_run_is_suspended_wakes_it(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await waiter.session.begin()
    assert (run.run_id, "suspended") in await waiter.flush(wait(run, "verdict"))
    late = await sender.blocked(sender.call(SEND, run.run_id, "verdict", Jsonb("yes")))
    await waiter.session.commit()
    await late
    [again] = await waiter.claim()
    assert (again.run_id, again.epoch) == (run.run_id, run.epoch + 1)
    assert await taken(waiter, again) == "yes"


async def test_a_suspension_that_was_rolled_back_leaves_the_signal_for_the_next(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await waiter.session.begin()
    await waiter.flush(wait(run, "verdict"))
    late = await sender.blocked(sender.call(SEND, run.run_id, "verdict", Jsonb("yes")))
    await waiter.session.rollback()
    await late
    assert await waiter.claim() == []
    assert await taken(waiter, run) == "yes"


async def test_a_signal_of_another_name_wakes_nobody_and_is_kept(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await waiter.flush(wait(run, "verdict"))
    await sender.call(SEND, run.run_id, "payment", Jsonb(7))
    assert await waiter.claim() == []
    await sender.call(SEND, run.run_id, "verdict", Jsonb("yes"))
    [again] = await waiter.claim()
    assert await taken(waiter, again) == "yes"
    [answer] = await waiter.answers(wait(again, "payment", 2))
    assert (answer["answer"], answer["payload"]) == ("signal", 7)


async def test_signals_of_one_name_are_taken_in_the_order_of_sending_each_once(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    for n in range(5):
        await sender.call(SEND, run.run_id, "verdict", Jsonb(n))
    found = [(await waiter.answers(wait(run, "verdict", number)))[0]["payload"] for number in range(1, 6)]
    assert found == [0, 1, 2, 3, 4]
    assert (run.run_id, "suspended") in await waiter.flush(wait(run, "verdict", 6))


async def test_a_signal_and_a_time_out_at_once_are_decided_in_one_order(
    sender: Session, waiter: ManualWorker, run: ClaimedRun, clock: Clock
) -> None:
    """The signal was there when the time-out was looked at: it is taken, late as it is."""
    await waiter.flush(wait(run, "verdict", seconds=60))
    clock.advance(seconds=61)
    await waiter.heartbeat()
    [again] = await waiter.claim()
    await sender.begin()
    await sender.call(SEND, run.run_id, "verdict", Jsonb("late"))
    assert await waiter.flush(wait(again, "verdict", seconds=60)) == [(run.run_id, "busy")]
    await sender.commit()
    assert await taken(waiter, again) == "late"


async def test_a_run_that_ends_while_a_signal_is_sent_says_so_or_keeps_it_in_its_events(
    sender: Session, waiter: ManualWorker, run: ClaimedRun
) -> None:
    await sender.begin()
    await sender.call(SEND, run.run_id, "verdict", Jsonb("yes"))
    assert await unhindered(waiter.flush(ending(run))) == [(run.run_id, "busy")]
    await sender.commit()
    assert await waiter.flush(ending(run)) == []
    events = await sender.value("select events from mainstem.user_workflow_run where run_id = %s", run.run_id)
    assert [(event["event_type"], event["event_data"]["payload"]) for event in events] == [
        ("signal_not_taken", "yes")
    ]
    assert await outcomes(sender.call(SEND, run.run_id, "verdict", None)) == ["MS003"]


async def test_of_signals_sent_by_four_while_a_run_waits_again_and_again_each_is_taken_once(
    database: Database, tenant: Tenant, waiter: ManualWorker, run: ClaimedRun
) -> None:
    async with sessions(database, 4) as four:

        async def send(session: Session, who: int) -> None:
            for n in range(15):
                await session.call(SEND, run.run_id, "verdict", Jsonb([who, n]))

        async def take() -> list[Any]:
            found: list[Any] = []
            own = run
            while len(found) < 60:
                for answer in await waiter.answers(wait(own, "verdict", len(found) + 1)):
                    if answer["answer"] == "signal":
                        found.append(answer["payload"])
                    elif answer["answer"] == "suspended":
                        [own] = await eventually(waiter.claim)
            return found

        found, *_ = await asyncio.wait_for(
            asyncio.gather(take(), *(send(session, who) for who, session in enumerate(four))), 30
        )
    assert sorted(found) == [[who, n] for who in range(4) for n in range(15)]
    assert all([n for by, n in found if by == who] == list(range(15)) for who in range(4)), (
        "each sender's in its order"
    )
