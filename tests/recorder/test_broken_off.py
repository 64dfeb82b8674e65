"""Calls that the server breaks off: of a deadlock's two the one that it ends, and what somebody cancels by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast
from uuid import uuid4

import pytest
from psycopg.errors import QueryCanceled

from conditions import one_server, until
from conftest import Database
from mainstem import Mainstem, Terms, Worker, workflow
from mainstem.errors import Unreachable
from mainstem.ledger import queue
from mainstem.ledger.call import Call, nothing, unbroken
from mainstem.ledger.link import Link

__all__ = ["one_server"]

BOTH = Call(
    "do $$ begin perform pg_advisory_xact_lock(1); perform pg_advisory_xact_lock(2); end $$", [], nothing
)
A_MOMENT = Call("select pg_sleep(0.05)", [], nothing)
WAITS = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@workflow("plain")
async def plain() -> str:
    return "done"


@pytest.fixture
async def link(database: Database) -> AsyncIterator[Link]:
    async with Link(database.url, role="mainstem_worker", name="test worker") as opened:
        yield opened


async def test_a_call_that_a_deadlock_ends_is_performed_again(database: Database, link: Link) -> None:
    """The call takes two locks, in one order; somebody has the second, and now asks for the first."""
    other = database.connect(role=None)
    other.execute("set deadlock_timeout = '1h'")  # the call notices, and is ended
    other.execute("begin")
    other.execute("select pg_advisory_xact_lock(2)")
    asked = asyncio.create_task(link(BOTH))
    await until(lambda: database.rows(WAITS))
    await asyncio.to_thread(other.execute, "select pg_advisory_xact_lock(1)")
    assert not asked.done()
    other.execute("commit")
    await asyncio.wait_for(asked, 10)


async def test_a_call_that_somebody_cancels_is_told_as_one_to_ask_again(
    database: Database, link: Link
) -> None:
    with database.connect(role=None).transaction() as held:
        held.connection.execute("lock table mainstem.user_workflow_worker in exclusive mode")
        asked = asyncio.create_task(link(queue.heartbeat(uuid4())))
        [row] = await until(lambda: database.rows(WAITS))
        database.value("select pg_cancel_backend(%s)", row["pid"])
        with pytest.raises(Unreachable, match="broke off"):
            await asked


async def test_a_call_that_its_own_asker_breaks_off_is_cancelled_and_not_one_to_ask_again() -> None:
    async def breaks_off() -> None:
        with unbroken():
            cast("asyncio.Task[None]", asyncio.current_task()).cancel()
            raise QueryCanceled("canceling statement due to user request")

    asked = asyncio.create_task(breaks_off())
    await asyncio.wait([asked])
    assert asked.cancelled()


async def test_a_call_that_is_cancelled_as_it_gets_a_connection_is_cancelled(database: Database) -> None:
    """At each turn of the loop between the return of the only connection and the call's first answer."""
    async with Link(database.url, role="mainstem_worker", name="test worker", size=1) as link:
        for turns in range(30):
            async with link.borrowed():
                asked = asyncio.create_task(link(A_MOMENT))
                await turn(10)  # it waits for the connection
            await turn(turns)
            is_cancelled = asked.cancel()
            await asyncio.wait([asked])
            assert asked.cancelled() == is_cancelled, turns


async def turn(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_a_worker_lives_on_when_its_housekeeping_is_cancelled(ms: Mainstem, database: Database) -> None:
    beats = (
        "select heartbeat_at from mainstem.user_workflow_worker where heartbeat_at > %s and reaped_at is null"
    )
    async with Worker(ms, [plain], Terms(ttl=1.5)):
        with database.connect(role=None).transaction() as held:
            held.connection.execute("lock table mainstem.user_workflow_worker in exclusive mode")
            for row in await until(lambda: database.rows(WAITS)):
                database.value("select pg_cancel_backend(%s)", row["pid"])
        await until(lambda: not database.rows(WAITS))
        moment = database.value("select clock_timestamp()")
        await until(lambda: database.rows(beats, moment))
        assert await asyncio.wait_for((await ms.start(plain)).result(), 10) == "done"


async def test_a_worker_that_leaves_amid_a_look_lets_the_server_end_the_look(
    ms: Mainstem, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.connect(role=None).transaction() as held:
        held.connection.execute("lock table mainstem.user_workflow_schedule in access exclusive mode")
        async with Worker(ms, [plain]):
            await until(lambda: database.rows(WAITS))
    assert "query cancellation interrupted (CancelledError)" not in caplog.text
