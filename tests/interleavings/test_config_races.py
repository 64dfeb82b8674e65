"""Two who activate, two who need a leaf, two who start under one key: at once, and both are served."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

from sessions import Session, outcomes, sessions, start_engine_runs, start_record

from conftest import Clock, Database, Tenant

ENTER = (
    "insert into mainstem.user_workflow_config (org_id, config_type, version, config_data)"
    " values (mainstem.current_org(), 'global', %s, '{}') returning config_id"
)
ACTIVE = "select config_id from mainstem.user_workflow_config where is_active"


async def test_the_obvious_activation_leaves_two_active(database: Database) -> None:
    """Switch off what is on, switch on the new one: the second does not see what the first has switched on."""
    async with sessions(database, 2, role=None) as (first, second):
        await first.rows(
            "create table public.config as select n, false as is_active from generate_series(1, 2) n"
        )
        for n, session in enumerate((first, second), 1):
            await session.begin()
            await session.rows("update public.config set is_active = false where is_active")
            await session.rows("update public.config set is_active = true where n = %s", n)
        await first.commit()
        await second.commit()
        assert await first.value("select count(*) from public.config where is_active") == 2


async def test_of_two_who_activate_at_once_the_second_takes_the_place_of_the_first(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 2) as (first, second):
        one, two = await first.value(ENTER, 1), await first.value(ENTER, 2)
        await first.begin()
        await first.call("activate_workflow_config", one, None)
        late = await second.blocked(second.call("activate_workflow_config", two, None))
        await first.commit()
        await late
        assert await first.rows(ACTIVE) == [{"config_id": two}]
        trail = "select config_id, replaced_config_id from mainstem.user_workflow_config_activation order by activated_at"
        assert [tuple(row.values()) for row in await first.rows(trail)] == [(one, None), (two, one)]


async def test_of_eight_who_activate_at_once_one_config_is_active_and_the_trail_is_a_chain(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 8) as eight:
        configs = [await eight[0].value(ENTER, n) for n in range(8)]
        await asyncio.gather(
            *(s.call("activate_workflow_config", c, None) for s, c in zip(eight, configs, strict=True))
        )
        [active] = await eight[0].rows(ACTIVE)
        trail = await eight[0].rows(
            "select config_id, replaced_config_id from mainstem.user_workflow_config_activation"
        )
        replaced = [row["replaced_config_id"] for row in trail]
        assert sorted(map(str, {*replaced, active["config_id"]} - {None})) == sorted(map(str, configs))
        assert replaced.count(None) == 1


async def test_of_two_who_need_a_leaf_at_once_one_makes_it(database: Database) -> None:
    async with sessions(database, 2) as (first, second):
        await first.begin()
        await first.rows("select mainstem.ensure_workflow_leaf('2015-02-03')")
        late = await second.blocked(second.rows("select mainstem.ensure_workflow_leaf('2015-02-28')"))
        await first.commit()
        await late
        assert (
            await first.value(
                "select count(*) from mainstem.user_workflow_leaf where suffix = 'p20150201t0000'"
            )
            == 1
        )


async def test_eight_who_begin_the_first_run_of_a_month_all_do(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    clock.advance(days=800)
    async with sessions(database, 8) as eight:
        start = (
            "start_workflow_execution", tenant.workflow_id, "web", None, None, None,
        )  # fmt: skip
        runs = await asyncio.gather(*(session.call(*start) for session in eight))
        assert len(set(runs)) == await eight[0].value("select count(*) from mainstem.user_workflow_run") == 8


async def test_a_leaf_is_made_beside_a_writer_and_a_reader_that_stay_open(
    database: Database, tenant: Tenant
) -> None:
    """LIKE and ATTACH, where PARTITION OF would wait for both, and everybody after it."""
    async with sessions(database, 4) as (writer, reader, maker, obvious):
        await writer.begin()
        await writer.call("start_workflow_execution", tenant.workflow_id, "web", None, None, None)
        await reader.begin()
        await reader.rows("select count(*) from mainstem.user_workflow_run")
        await asyncio.wait_for(maker.rows("select mainstem.ensure_workflow_leaf('2015-02-03')"), 5)
        await obvious.rows("reset role")
        partition_of = await obvious.blocked(
            obvious.rows(
                "create table public.obvious partition of mainstem.user_workflow_run for values"
                " from ('00a00000-0000-0000-0000-000000000000') to ('00a10000-0000-0000-0000-000000000000')"
            )
        )
        shut_out = await maker.blocked(maker.rows("select count(*) from mainstem.user_workflow_run"))
        await writer.rollback()
        await reader.rollback()
        await asyncio.gather(partition_of, shut_out)


# Idempotency keys.

ONE_STATEMENT = (
    "with new as (insert into public.key (key, run) values ('fax-7', %s) on conflict do nothing returning run)"
    " select (select run from new union all select run from public.key where key = 'fax-7' limit 1) as run"
)


async def test_the_obvious_upsert_gives_the_second_caller_nothing(database: Database) -> None:
    """Insert or select in one statement: it waits for the first, and then reads by a snapshot from before."""
    async with sessions(database, 2, role=None) as (first, second):
        await first.rows("create table public.key (key text primary key, run int)")
        await first.begin()
        assert await first.value(ONE_STATEMENT, 1) == 1
        late = await second.blocked(second.value(ONE_STATEMENT, 2))
        await first.commit()
        assert await late is None


async def test_of_two_who_start_under_one_key_at_once_the_second_gets_the_firsts_run(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 2) as (first, second):
        mine, yours, another = (
            start_record(tenant, idempotency_key="fax-7", request_digest=digest)
            for digest in (b"1", b"1", b"2")
        )
        await first.begin()
        assert await start_engine_runs(first, mine) == [(mine.run_id, "started")]
        late = await second.blocked(start_engine_runs(second, yours, replace(another, run_id=yours.run_id)))
        await first.commit()
        assert await late == [(mine.run_id, "existing"), (mine.run_id, "conflict")]
        assert await first.value("select count(*) from mainstem.user_workflow_run_queue") == 1


async def test_a_key_whose_start_was_rolled_back_begins_the_run_of_who_waited(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 2) as (first, second):
        mine, yours = (start_record(tenant, idempotency_key="fax-7", request_digest=b"1") for _ in range(2))
        await first.begin()
        await start_engine_runs(first, mine)
        late = await second.blocked(start_engine_runs(second, yours))
        await first.rollback()
        assert await late == [(yours.run_id, "started")]


async def test_batches_that_take_keys_in_opposite_orders_deadlock_in_the_obvious_form(
    database: Database,
) -> None:
    async with sessions(database, 2, role=None) as (first, second):
        await first.rows("create table public.key (key text primary key)")
        insert = "insert into public.key values (%s) on conflict do nothing"
        for session, key in ((first, "a"), (second, "b")):
            await session.begin()
            await session.rows(insert, key)
        waiting = await first.blocked(first.rows(insert, "b"))
        assert "40P01" in await outcomes(waiting, second.rows(insert, "a"))


async def test_batches_with_the_same_keys_in_opposite_orders_do_not_deadlock_and_agree(
    database: Database, tenant: Tenant
) -> None:
    async with sessions(database, 4) as four:
        for round_ in range(5):
            keys = [f"{round_}.{n}" for n in range(40)]

            async def start(session: Session, keys: list[str]) -> dict[str, UUID]:
                records = [start_record(tenant, idempotency_key=key, request_digest=b"1") for key in keys]
                started = await start_engine_runs(session, *records)
                return {key: run_id for key, (run_id, _) in zip(keys, started, strict=True)}

            orders = (keys, keys[::-1], keys[20:] + keys[:20], keys)
            agreed = await asyncio.gather(
                *(start(session, order) for session, order in zip(four, orders, strict=True))
            )
            assert all(runs == agreed[0] for runs in agreed)
        assert await four[0].value("select count(*) from mainstem.user_workflow_run") == 200
