"""Dropping: a retired partition goes, whatever is killed, and nobody waits long or loses a run."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import psycopg
import pytest
from past import (
    Started,
    detach,
    insert_run,
    insert_step,
    leaf_of,
    live_again,
    owner,
    past_run,
    reading,
    retire,
    tables_of,
    wait_until,
)
from psycopg import sql

from conftest import Database, Tenant
from mainstem import Mainstem, Worker, get_context, step, workflow
from mainstem.errors import UpgradeBlocked
from mainstem.ledger import leaves as leaf_module
from mainstem.ledger import partitions
from mainstem.ledger.catalog import drifts
from mainstem.ledger.install import upgrade

__all__ = ["owner", "past_run"]


def test_a_retired_leaf_is_dropped_and_its_neighbours_stay(
    database: Database, owner: psycopg.Connection[Any], tenant: Tenant, past_run: UUID
) -> None:
    kept = insert_run(database, tenant, at="2025-02-15", status="running")
    leaf = leaf_of(owner)
    partitions.seal(owner, leaf)
    retire(database)
    assert [gone.suffix for gone in partitions.drop_retired(owner)] == [leaf.suffix]
    assert tables_of(database, leaf) == []
    assert [row["run_id"] for row in database.rows("select run_id from mainstem.user_workflow_run")] == [kept]
    assert leaf.suffix not in [left.suffix for left in partitions.leaves(owner)]


@pytest.mark.parametrize("change", ["live", "young"])
def test_a_leaf_in_which_a_run_is_needed_again_is_not_touched(
    database: Database,
    owner: psycopg.Connection[Any],
    tenant: Tenant,
    past_run: UUID,
    change: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retire(database)
    if change == "live":
        insert_run(database, tenant, status="running")
    else:
        database.rows("update mainstem.organization set retention_days = 36500 returning 1")
    monkeypatch.setattr(leaf_module, "PATIENCE", 0.1)
    with reading(database, "select 1 from mainstem.user_workflow_run"):  # who detaches would have to wait
        assert partitions.drop_retired(owner) == []
    assert leaf_of(owner).retired_at is None
    assert len(tables_of(database, leaf_of(owner))) == 3


@pytest.mark.parametrize("detached", [1, 2, 3])
def test_a_run_that_lives_again_in_a_leaf_half_detached_brings_all_of_it_back(
    database: Database, owner: psycopg.Connection[Any], tenant: Tenant, past_run: UUID, detached: int
) -> None:
    retire(database)
    leaf = leaf_of(owner)
    detach(owner, leaf, partitions.PARENTS[:detached])
    live_again(database, leaf)
    assert partitions.drop_retired(owner) == []
    assert (
        database.value("select count(*) from mainstem.user_workflow_run_step where run_id = %s", past_run)
        == 1
    )
    insert_step(database, tenant, past_run, 2)
    database.rows(
        "update mainstem.user_workflow_run set status = 'completed', ended_at = started_at where run_id = %s returning 1",
        past_run,
    )
    retire(database)
    assert len(partitions.drop_retired(owner)) == 1


def test_a_run_that_is_retried_while_its_leaf_waits_for_a_reader_is_not_lost(
    database: Database, owner: psycopg.Connection[Any], past_run: UUID
) -> None:
    retire(database)
    with reading(database, "select 1 from mainstem.user_workflow_event"):
        dropping = Started(lambda: partitions.drop_retired(owner))
        wait_until(lambda: database.value("select bool_or(inhdetachpending) from pg_inherits"))
        live_again(database, leaf_of(database.connect("mainstem_owner", None)))
    assert dropping.outcome() == []
    assert (
        database.value("select status from mainstem.user_workflow_run where run_id = %s", past_run)
        == "running"
    )
    assert (
        database.value("select count(*) from mainstem.user_workflow_run_step where run_id = %s", past_run)
        == 1
    )


def test_dropping_that_was_killed_while_it_waited_for_a_reader_is_carried_on(
    database: Database, owner: psycopg.Connection[Any], tenant: Tenant, past_run: UUID
) -> None:
    insert_run(database, tenant, at="2025-02-15")
    retire(database, "2025-02")
    with reading(database, "select 1 from mainstem.user_workflow_event"):
        dropping = Started(lambda: partitions.drop_retired(owner))
        wait_until(lambda: database.value("select bool_or(inhdetachpending) from pg_inherits"))
        database.rows("select pg_terminate_backend(%s)", owner.info.backend_pid)
        assert isinstance(dropping.outcome(), psycopg.Error)
    retire(database, "2025-01")
    dropped = partitions.drop_retired(database.connect("mainstem_owner", None))
    assert [leaf.lower.month for leaf in dropped] == [1, 2]
    assert [tables_of(database, leaf) for leaf in dropped] == [[], []]


@pytest.mark.parametrize("dropped", [1, 2, 3])
def test_dropping_that_was_killed_between_two_tables_is_carried_on(
    database: Database, owner: psycopg.Connection[Any], past_run: UUID, dropped: int
) -> None:
    retire(database)
    leaf = leaf_of(owner)
    detach(owner, leaf, partitions.PARENTS)
    for parent in partitions.PARENTS[:dropped]:
        owner.execute(sql.SQL("drop table {}").format(leaf.table(parent)))
    assert len(partitions.drop_retired(owner)) == 1
    assert tables_of(database, leaf) == []


def test_an_upgrade_while_a_leaf_is_half_dropped_does_not_take_it_for_part_of_the_schema(
    database: Database, owner: psycopg.Connection[Any], past_run: UUID
) -> None:
    retire(database)
    leaf = leaf_of(owner)
    detach(owner, leaf, partitions.PARENTS)
    with psycopg.connect(database.url, autocommit=True) as conn:
        upgrade(conn)
        assert len(partitions.drop_retired(owner)) == 1
        assert drifts(conn) == []


SLOW_READ = """
select count(*), pg_sleep(1) from mainstem.user_workflow_run r join mainstem.user_workflow w using (org_id, workflow_id)
  left join mainstem.user_workflow_run_step s using (run_id) left join mainstem.user_workflow_event e using (run_id)
"""
waited: list[float] = []


@step
async def nothing() -> None: ...


@workflow("until told")
async def until_told() -> None:
    while not await get_context("enough"):
        began = time.monotonic()
        await nothing()
        waited.append(time.monotonic() - began)


async def test_readers_and_flushes_go_on_while_a_leaf_is_dropped(
    database: Database, owner: psycopg.Connection[Any], past_run: UUID, ms: Mainstem
) -> None:
    partitions.seal(owner, leaf_of(owner))
    retire(database)
    waited.clear()
    done = asyncio.Event()
    async with Worker(ms, [until_told]):
        run = await ms.start(until_told)
        read = asyncio.create_task(read_until(done, database))
        await asyncio.to_thread(wait_until, lambda: readers(database) == 1)
        try:
            assert len(await asyncio.to_thread(partitions.drop_retired, owner)) == 1
        finally:
            done.set()
        assert await read >= 1
        await ms.set_context(run.run_id, "enough", value=True)
        await asyncio.wait_for(run.result(), 10)
    assert max(waited) < 0.9  # LOCK_TIMEOUT and some; who reads takes a second


async def read_until(done: asyncio.Event, database: Database) -> int:
    times = 0
    while not done.is_set():
        await asyncio.to_thread(database.rows, SLOW_READ)
        times += 1
    return times


def readers(database: Database) -> int:
    count: int = database.value(
        "select count(*) from pg_stat_activity where query = %s and state = 'active'", SLOW_READ
    )
    return count


def test_two_who_work_at_the_partitions_at_once_are_told(database: Database) -> None:
    first, second = (database.connect("mainstem_owner", None) for _ in range(2))
    with (
        partitions.alone(first),
        pytest.raises(UpgradeBlocked, match="somebody else"),
        partitions.alone(second),
    ):
        pass
    with partitions.alone(second):
        pass
