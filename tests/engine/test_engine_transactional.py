"""Transactional steps: what their code writes and the step's record are committed together, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from counted import executed, fresh_counts
from psycopg import AsyncConnection

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    ONCE,
    Mainstem,
    Retry,
    RunFailed,
    Worker,
    add_event,
    step,
    used_endpoint,
    wait_for_signal,
    workflow,
)
from mainstem.engine.transactions import LOST_AT_MOST
from mainstem.errors import BadArgument, NotInRun

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]

PAYMENTS = """
create table public.payment (run text, amount int not null check (amount > 0), org text);
create table public.ledger_line (amount int unique deferrable initially deferred);
grant select, insert on public.payment, public.ledger_line to mainstem_worker
"""
QUICKLY = Retry(attempts=3, first=0.01)


@pytest.fixture
def payments(database: Database) -> Database:
    database.connect(role=None, org_id=None).execute(PAYMENTS)
    return database


@step(transactional=True)
async def pay(conn: AsyncConnection[Any], amount: int) -> int:
    executed["pay"] += 1
    add_event("paid", {"amount": amount})
    used_endpoint("the bank")
    await conn.execute(
        "insert into public.payment values ('run', %s, current_setting('app.current_org_id'))", [amount]
    )
    return amount


@step(transactional=True, retry=QUICKLY)
async def pay_at_last(amount: int, through: AsyncConnection[Any], *, times: int) -> int:
    executed["pay at last"] += 1
    await through.execute("insert into public.payment (amount) values (%s)", [amount])
    if executed["pay at last"] < times:
        raise ConnectionError("the bank is closed")
    return amount


@step(transactional=True, retry=ONCE)
async def unstorable(conn: AsyncConnection[Any]) -> bytes:
    await conn.execute("insert into public.payment (amount) values (1)")
    return b"no JSON"


@step(transactional=True, retry=ONCE)
async def double_entry(conn: AsyncConnection[Any]) -> None:
    await conn.execute("insert into public.ledger_line values (7), (7)")  # refused at the commit


@step(transactional=True, retry=ONCE)
async def slow(conn: AsyncConnection[Any]) -> None:
    await conn.execute("insert into public.payment (amount) values (1)")
    executed["slow"] += 1
    await asyncio.sleep(60)


@workflow("paying")
async def paying(amount: int) -> Any:
    return [await pay(amount), await wait_for_signal("go"), await pay(amount + 1)]


@workflow("paying-at-last")
async def paying_at_last(times: int) -> int:
    return await pay_at_last(7, times=times)  # type: ignore[arg-type]  # typed for who takes it first


@workflow("refused")
async def refused(which: str) -> Any:
    chosen: Any = unstorable if which == "unstorable" else double_entry
    return await chosen()


@workflow("slow")
async def slowly() -> None:
    await slow()


async def test_a_step_writes_with_the_connection_that_records_it_and_replays_without(
    ms: Mainstem, payments: Database
) -> None:
    async with Worker(ms, [paying]):
        run = await ms.start(paying, 7)
        await until(lambda: amounts(payments) == [7])
        await ms.signal(run.run_id, "go", "on")
        assert await asyncio.wait_for(run.result(), 10) == [7, "on", 8]
    assert amounts(payments) == [7, 8]
    recorded = await ms.get_run(run.run_id)
    first = recorded.steps[0]
    assert (first.input_data, first.output_data, first.status) == ({"amount": 7}, 7, "completed")
    assert [event.event_type for event in first.events] == ["paid"]
    assert recorded.endpoints_used == ["the bank"]
    assert payments.rows("select distinct org from public.payment") == [{"org": str(ms.org_id)}]


async def test_what_a_failed_attempt_wrote_is_gone_and_the_one_that_succeeds_is_there_once(
    ms: Mainstem, payments: Database
) -> None:
    async with Worker(ms, [paying_at_last]):
        run = await ms.start(paying_at_last, 3)
        assert await asyncio.wait_for(run.result(), 10) == 7
    assert (executed["pay at last"], amounts(payments)) == (3, [7])
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert (recorded.retry_count, recorded.status, recorded.error_message) == (2, "completed", None)
    assert [event.event_type for event in recorded.events] == ["attempt_failed"] * 2


async def test_a_step_that_fails_for_good_has_written_nothing(ms: Mainstem, payments: Database) -> None:
    async with Worker(ms, [paying_at_last, refused]):
        with pytest.raises(RunFailed, match="the bank is closed"):
            await asyncio.wait_for((await ms.start(paying_at_last, 9)).result(), 10)
        with pytest.raises(RunFailed, match="unstorable"):
            await asyncio.wait_for((await ms.start(refused, "unstorable")).result(), 10)
        with pytest.raises(RunFailed, match="duplicate key"):
            await asyncio.wait_for((await ms.start(refused, "double entry")).result(), 10)
    assert amounts(payments) == []
    assert payments.rows("select * from public.ledger_line") == []


async def test_a_run_that_is_cancelled_in_a_transaction_has_written_nothing(
    ms: Mainstem, payments: Database
) -> None:
    async with Worker(ms, [slowly]):
        run = await ms.start(slowly)
        await until(lambda: executed["slow"])
        await ms.cancel(run.run_id)

        async def over() -> bool:
            return (await ms.get_run(run.run_id)).status == "cancelled"

        await until(over)
    assert amounts(payments) == []


async def test_a_worker_that_was_reaped_meanwhile_commits_nothing(ms: Mainstem, payments: Database) -> None:
    """It is reaped between its code's last statement and the fence, by hand; another has the run then."""

    @step(transactional=True)
    async def overtaken(conn: AsyncConnection[Any]) -> int:
        executed["overtaken"] += 1
        await conn.execute("insert into public.payment (amount) values (%s)", [executed["overtaken"]])
        if executed["overtaken"] == 1:
            payments.rows("update mainstem.user_workflow_worker set reaped_at = mainstem.clock() returning 1")
        return executed["overtaken"]

    @workflow("overtaken")
    async def overtaking() -> int:
        return await overtaken()

    async with Worker(ms, [overtaking]):
        run = await ms.start(overtaking)
        assert await asyncio.wait_for(run.result(), 20) == 2
    assert amounts(payments) == [2]


async def test_a_commit_whose_answer_was_lost_is_recorded_once(ms: Mainstem, payments: Database) -> None:
    """The backend is ended by a trigger of the commit's last moment, or just after it: both are told by the ledger."""
    payments.connect(role=None, org_id=None).execute("""
        create table public.cut (backend int);
        grant select, insert on public.cut to mainstem_worker;
        create function public.cut_off() returns trigger language plpgsql security definer as $$
        begin
          if (select count(*) from public.cut) = 0 then
            insert into public.cut select pg_backend_pid();
            perform pg_terminate_backend(pg_backend_pid());
          end if;
          return null;
        end $$;
        create constraint trigger cut_off after insert on public.payment deferrable initially deferred for each row execute function public.cut_off()
    """)
    async with Worker(ms, [paying]):
        run = await ms.start(paying, 7)
        await ms.signal(run.run_id, "go")
        # each commit is cut off, as what it noted is rolled back with it: the attempts end, and nothing is there
        with pytest.raises(RunFailed):
            await asyncio.wait_for(run.result(), 20)
    assert (executed["pay"], amounts(payments)) == (3 * LOST_AT_MOST, [])


@pytest.mark.parametrize("moment", ["within", "before its commit"])
async def test_a_connection_that_is_lost_uses_up_no_attempt(
    ms: Mainstem, payments: Database, moment: str
) -> None:
    """Ended by the server's owner at each try but the last that may be: met by the function's own statement, or by the record."""

    @step(transactional=True, retry=ONCE)
    async def cut_off(conn: AsyncConnection[Any]) -> int:
        executed["cut off"] += 1
        await conn.execute("insert into public.payment (amount) values (%s)", [executed["cut off"]])
        if executed["cut off"] < LOST_AT_MOST:
            payments.value("select pg_terminate_backend(%s, 5000)", conn.info.backend_pid)
            if moment == "within":
                await conn.execute("select 1")
        return executed["cut off"]

    @workflow("cut-off")
    async def cutting_off() -> int:
        return await cut_off()

    async with Worker(ms, [cutting_off]):
        run = await ms.start(cutting_off)
        assert await asyncio.wait_for(run.result(), 20) == LOST_AT_MOST
    [recorded] = (await ms.get_run(run.run_id)).steps
    assert (recorded.retry_count, recorded.status, amounts(payments)) == (0, "completed", [LOST_AT_MOST])


async def test_a_session_that_the_server_ends_for_its_silence_has_failed_its_attempt(
    ms: Mainstem, payments: Database
) -> None:
    @step(transactional=True, retry=ONCE)
    async def silent(conn: AsyncConnection[Any]) -> None:
        executed["silent"] += 1
        await conn.execute("set local idle_in_transaction_session_timeout = '50ms'")
        await asyncio.sleep(0.2)
        await conn.execute("select 1")

    @workflow("silent")
    async def falling_silent() -> None:
        await silent()

    async with Worker(ms, [falling_silent]):
        with pytest.raises(RunFailed, match="idle-in-transaction"):
            await asyncio.wait_for((await ms.start(falling_silent)).result(), 20)
    assert executed["silent"] == 1


def test_only_an_async_function_with_a_parameter_can_be_one(server_url: str) -> None:
    with pytest.raises(BadArgument, match="async def"):

        @step(transactional=True)  # type: ignore[arg-type]
        def plain(conn: psycopg.Connection[Any]) -> None:
            """No."""

    with pytest.raises(BadArgument):

        @step(transactional=True)  # type: ignore[arg-type]
        async def nothing() -> None:
            """No."""


async def test_outside_of_a_run_there_is_no_transaction(server_url: str) -> None:
    with pytest.raises(NotInRun, match="pay"):
        await pay(7)


def amounts(database: Database) -> list[int]:
    return [row["amount"] for row in database.rows("select amount from public.payment order by amount")]
