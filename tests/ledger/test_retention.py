"""Retention: what is old goes, with true counts; what lives, what is young and what is another's stays."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from callers import Caller

from conditions import until
from conftest import Clock, Database, Tenant
from mainstem import Mainstem, Worker, wait_for_signal, workflow


def cleanup(caller: Caller, *days: int) -> dict[str, Any]:
    [counts] = caller.rows(
        f"select * from mainstem.cleanup_old_execution_data({', '.join(['%s'] * len(days))})", *days
    )
    return counts


def deleted(caller: Caller, *days: int) -> list[int]:
    """Runs, steps, events, keys of context."""
    counts = cleanup(caller, *days)
    return [counts[name] for name in ("deleted_traces", "deleted_steps", "deleted_events", "deleted_context")]


def ended_run(caller: Caller, status: str = "completed") -> UUID:
    run_id = caller.start_run()
    caller.call("complete_workflow_execution", run_id, status, "as it went")
    return run_id


def runs(database: Database) -> set[UUID]:
    return {row["run_id"] for row in database.rows("select run_id from mainstem.user_workflow_run")}


def test_cleanup_says_truly_how_much_it_deleted(database: Database, tenant: Tenant, clock: Clock) -> None:
    caller = Caller.at(database, tenant)
    run_id = caller.start_run()
    first, second, third = (caller.start_step(run_id, number) for number in (1, 2, 3))
    caller.call("add_workflow_event", first, "folded_in_a_step")
    caller.call("add_workflow_event", run_id, "folded_in_the_run")
    caller.rows(
        "select mainstem.add_workflow_event(%s, 'stays_in_the_log') from generate_series(1, 300)", second
    )
    for key in ("a", "b", "c"):
        caller.call("set_workflow_context", run_id, key, "1")
    for step in (first, second, third):
        caller.call("complete_workflow_step", step, "completed")
    caller.call("complete_workflow_execution", run_id, "completed")
    ended_run(caller)
    clock.advance(days=91)
    assert deleted(caller) == [2, 3, 302, 3]
    assert deleted(caller) == [0, 0, 0, 0]
    for table in (
        "user_workflow_run",
        "user_workflow_run_step",
        "user_workflow_event",
        "user_workflow_run_context",
    ):
        assert database.value(f"select count(*) from mainstem.{table}") == 0


def test_retention_counts_from_the_end_of_a_run_and_90_days_are_kept(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    caller = Caller.at(database, tenant)
    began_long_ago = caller.start_run()
    old = {ended_run(caller, status) for status in ("completed", "failed", "cancelled", "timeout")}
    clock.advance(days=2)
    young = ended_run(caller)
    clock.advance(days=89)
    caller.call("complete_workflow_execution", began_long_ago, "completed")
    assert deleted(caller) == [4, 0, 0, 0]
    assert runs(database) == {young, began_long_ago}
    assert old.isdisjoint(runs(database))
    assert deleted(caller, 1) == [1, 0, 0, 0]
    assert runs(database) == {began_long_ago}


def test_cleanup_touches_only_the_tenants_own(
    database: Database, tenant: Tenant, other_tenant: Tenant, clock: Clock
) -> None:
    own, other = Caller.at(database, tenant), Caller.at(database, other_tenant)
    ended_run(own)
    kept = ended_run(other)
    clock.advance(days=400)
    assert deleted(own) == [1, 0, 0, 0]
    assert runs(database) == {kept}


def test_cleanup_goes_on_through_batches(database: Database, tenant: Tenant, clock: Clock) -> None:
    caller = Caller.at(database, tenant)
    database.rows(
        "insert into mainstem.user_workflow_run (run_id, workflow_id, org_id, status, channel, driver, started_at, ended_at)"
        " select mainstem.new_run_id(), %s, %s, 'completed', 'web', 'recorded', now(), now() from generate_series(1, 1201) returning 1",
        tenant.workflow_id,
        tenant.org_id,
    )
    clock.advance(days=91)
    assert deleted(caller) == [1201, 0, 0, 0]


def test_cleanup_needs_a_day_and_a_tenant(database: Database, tenant: Tenant) -> None:
    caller = Caller.at(database, tenant)
    for days in (0, -1, None):
        assert caller.refusal("cleanup_old_execution_data", days) == "MS010"
    assert (
        Caller(database, tenant, database.connect(org_id=None)).refusal("cleanup_old_execution_data", 90)
        == "MS010"
    )
    assert deleted(caller, 2_000_000) == [0, 0, 0, 0], "longer than there are years"


@workflow("patient")
async def patient() -> str:
    verdict: str = await wait_for_signal("verdict")
    return verdict


async def test_a_run_that_waits_for_longer_than_the_retention_is_there_when_its_signal_comes(
    database: Database, tenant: Tenant, clock: Clock, ms: Mainstem
) -> None:
    caller = Caller.at(database, tenant)
    caller.conn.execute("update mainstem.organization set retention_days = 30")
    async with Worker(ms, [patient]):
        run = await ms.start(patient)
        await until(lambda: caller.run(run.run_id)["status"] == "waiting")
    ended_run(caller)
    clock.advance(days=120)
    assert deleted(caller) == [1, 0, 0, 0]
    assert runs(database) == {run.run_id}
    [leaf] = database.rows(
        "select retired_at from mainstem.user_workflow_leaf, mainstem.user_workflow_run"
        " where mainstem.first_id_at(lower) <= run_id and run_id < mainstem.first_id_at(upper)"
    )
    assert leaf["retired_at"] is None
    async with Worker(ms, [patient]):
        await ms.signal(run.run_id, "verdict", "approved")
        assert await asyncio.wait_for(run.result(), 20) == "approved"


@pytest.fixture
def leaf_of_both(database: Database, tenant: Tenant, other_tenant: Tenant, clock: Clock) -> str:
    """The suffix of a past leaf in which two tenants have a run that ended 60 days ago."""
    suffix: str = database.value(
        "select suffix from mainstem.user_workflow_leaf where lower <= mainstem.clock() and mainstem.clock() < upper"
    )
    for owner in (tenant, other_tenant):
        ended_run(Caller.at(database, owner))
    clock.advance(days=60)
    return suffix


def is_retired(database: Database, suffix: str) -> bool:
    return (
        database.value("select retired_at from mainstem.user_workflow_leaf where suffix = %s", suffix)
        is not None
    )


def keep_for(database: Database, tenant: Tenant, days: int | None) -> None:
    database.rows(
        "update mainstem.organization set retention_days = %s where org_id = %s returning 1",
        days,
        tenant.org_id,
    )


def test_a_leaf_goes_only_when_it_is_due_for_every_tenant_in_it(
    database: Database, tenant: Tenant, other_tenant: Tenant, leaf_of_both: str
) -> None:
    """cleanup's own 300 days leave every run where it is: what decides is each organization's retention_days."""
    caller = Caller.at(database, tenant)
    for own, others in ((None, None), (30, None), (None, 30), (30, 61)):
        keep_for(database, tenant, own)
        keep_for(database, other_tenant, others)
        cleanup(caller, 300)
        assert not is_retired(database, leaf_of_both), (own, others)
    keep_for(database, other_tenant, 59)
    before = database.value("select count(*) from mainstem.user_workflow_leaf where retired_at is not null")
    counts = cleanup(caller, 300)
    assert is_retired(database, leaf_of_both)
    assert (counts["deleted_traces"], counts["scheduled_leaves"]) == (0, 1)
    assert (
        database.value("select count(*) from mainstem.user_workflow_leaf where retired_at is not null")
        == before + 1
    )
    assert cleanup(caller, 300)["scheduled_leaves"] == 0


def test_a_leaf_with_a_run_that_lives_stays_whatever_its_tenants_keep(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    suffix = database.value(
        "select suffix from mainstem.user_workflow_leaf where lower <= mainstem.clock() and mainstem.clock() < upper"
    )
    for owner in (tenant, other_tenant):
        keep_for(database, owner, 1)
    living = Caller.at(database, other_tenant).start_run()
    caller = Caller.at(database, tenant)
    Clock(database).advance(days=200)
    cleanup(caller)
    assert not is_retired(database, suffix)
    Caller.at(database, other_tenant).call("complete_workflow_execution", living, "completed")
    Clock(database).advance(days=2)
    cleanup(caller)
    assert is_retired(database, suffix)
