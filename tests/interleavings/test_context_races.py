"""Context set by several at once: no key is lost, and a run does not end around one that is being set."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from manual_worker import manual_workers
from psycopg.types.json import Jsonb
from sessions import (
    Session,
    refusal,
    sessions,
    start_caller_run,
    start_engine_runs,
    start_record,
    unhindered,
)

from conftest import Clock, Database, Tenant
from mainstem.ledger import queue

SET = "set_workflow_context"


async def live_keys(session: Session, run_id: UUID) -> dict[str, Any]:
    rows = await session.rows("select key, value from mainstem.get_workflow_context(%s)", run_id)
    return {row["key"]: row["value"] for row in rows}


async def set_twenty(session: Session, run_id: UUID, who: int) -> None:
    for n in range(20):
        await session.call(SET, run_id, f"{who}.{n}", Jsonb({"by": who, "n": n}))


@pytest.mark.parametrize("driver", ["caller", "engine"])
async def test_160_keys_set_by_eight_sessions_are_all_there(
    database: Database, tenant: Tenant, driver: str
) -> None:
    async with sessions(database, 8) as eight:
        if driver == "caller":
            run_id = await start_caller_run(eight[0], tenant)
        else:
            [(run_id, _)] = await start_engine_runs(eight[0], start_record(tenant))
        await asyncio.gather(*(set_twenty(session, run_id, who) for who, session in enumerate(eight)))
        keys = {f"{who}.{n}": {"by": who, "n": n} for who in range(8) for n in range(20)}
        assert await live_keys(eight[0], run_id) == keys
        await eight[0].call("cancel_workflow_run", run_id)
        assert (
            await eight[0].value("select context from mainstem.user_workflow_run where run_id = %s", run_id)
            == keys
        )


async def test_a_context_that_is_read_changed_and_written_back_loses_keys(
    database: Database, tenant: Tenant
) -> None:
    """The obvious form: one JSON document, changed by its readers."""
    async with sessions(database, 2) as (first, second):
        run_id = await start_caller_run(first, tenant)
        read = "select context from mainstem.user_workflow_run where run_id = %s"
        write = "update mainstem.user_workflow_run set context = %s where run_id = %s"
        found = [await session.value(read, run_id) for session in (first, second)]
        await first.rows(write, Jsonb({**found[0], "a": 1}), run_id)
        await second.rows(write, Jsonb({**found[1], "b": 2}), run_id)
        assert await first.value(read, run_id) == {"b": 2}


async def test_eight_who_set_the_same_key_leave_the_value_of_one(database: Database, tenant: Tenant) -> None:
    async with sessions(database, 8) as eight:
        run_id = await start_caller_run(eight[0], tenant)
        await asyncio.gather(*(session.call(SET, run_id, "key", Jsonb(n)) for n, session in enumerate(eight)))
        keys = await live_keys(eight[0], run_id)
        assert set(keys) == {"key"}
        assert keys["key"] in range(8)


async def test_a_run_that_ends_takes_the_key_that_is_being_set_with_it(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 2) as (first, second):
        run_id = await start_caller_run(first, tenant)
        await first.begin()
        await first.call(SET, run_id, "member", Jsonb(7))
        late = await second.blocked(second.call("complete_workflow_execution", run_id, "completed"))
        await first.commit()
        await late
        assert await second.value(
            "select context from mainstem.user_workflow_run where run_id = %s", run_id
        ) == {"member": 7}


async def test_a_key_that_comes_while_the_run_ends_is_refused_and_not_swallowed(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 2) as (first, second):
        run_id = await start_caller_run(first, tenant)
        await first.begin()
        await first.call("complete_workflow_execution", run_id, "completed")
        late = await second.blocked(second.call(SET, run_id, "member", Jsonb(7)))
        await first.commit()
        assert await refusal(late) == "MS003"
        assert await second.rows("select * from mainstem.user_workflow_run_context") == []


async def test_a_key_that_comes_while_an_engine_run_is_cancelled_is_refused_and_not_swallowed(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 2) as (first, second):
        [(run_id, _)] = await start_engine_runs(first, start_record(tenant))
        await first.begin()
        await first.call("cancel_workflow_run", run_id)
        late = await second.blocked(second.call(SET, run_id, "member", Jsonb(7)))
        await first.commit()
        assert await refusal(late) == "MS003"
        assert await second.rows("select * from mainstem.user_workflow_run_context") == []


async def test_a_worker_that_wakes_after_its_lease_sets_no_key_back_that_was_set_again(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with manual_workers(database, 2) as (first, second), sessions(database, 1) as (user,):
        await start_engine_runs(user, start_record(tenant))
        [run] = await first.claim()
        await first.session.perform(queue.set_context(first.worker_id, run, "stage", b'"begun"'))
        clock.advance(seconds=16)
        await second.heartbeat()
        await second.reap()
        [again] = await second.claim()
        await second.session.perform(queue.set_context(second.worker_id, again, "stage", b'"read"'))
        late = queue.set_context(first.worker_id, run, "stage", b'"begun"')
        assert await refusal(first.session.perform(late)) == "MS002"
        assert await user.value("select value from mainstem.user_workflow_run_context") == "read"


async def test_a_key_that_is_being_set_keeps_the_reaper_from_giving_its_run_away(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with manual_workers(database, 2) as (first, second), sessions(database, 1) as (user,):
        await start_engine_runs(user, start_record(tenant))
        [run] = await first.claim()
        await first.session.begin()
        await first.session.perform(queue.set_context(first.worker_id, run, "stage", b'"begun"'))
        clock.advance(seconds=16)
        await second.heartbeat()
        assert await unhindered(second.reap()) == (0, 0)
        await first.session.commit()
        assert await second.reap() == (1, 1)
