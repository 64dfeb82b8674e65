"""Leaves: the month a run lies in, made when it is asked for and never over another."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from callers import Caller

from conftest import Clock, Database, Tenant

TABLES = ("user_workflow_run", "user_workflow_run_step", "user_workflow_event")


def leaves(database: Database) -> list[tuple[str, str]]:
    """Bounds of all leaves as UTC dates, in order."""
    rows = database.rows(
        "select to_char(lower at time zone 'UTC', 'YYYY-MM-DD') as lower, to_char(upper at time zone 'UTC', 'YYYY-MM-DD') as upper"
        " from mainstem.user_workflow_leaf order by 1"
    )
    return [(row["lower"], row["upper"]) for row in rows]


def partition_of(database: Database, table: str, run_id: Any) -> str:
    name: str = database.value(
        f"select tableoid::regclass::text from mainstem.{table} where run_id = %s", run_id
    )
    return name


def test_an_old_date_makes_its_own_leaf_once_for_runs_steps_and_events(
    database: Database, tenant: Tenant
) -> None:
    conn = database.connect()
    before = leaves(database)
    for at in ("2015-02-03", "2015-02-28 23:59:59.999+00", "2015-02-01 00:00:00+00"):
        conn.execute("select mainstem.ensure_workflow_leaf(%s)", [at])
    assert leaves(database) == [("2015-02-01", "2015-03-01"), *before]
    [run] = database.rows(
        "insert into mainstem.user_workflow_run (run_id, workflow_id, org_id, status, channel, driver)"
        " values (mainstem.new_run_id('2015-02-03'), %s, %s, 'pending', 'web', 'recorded') returning run_id",
        tenant.workflow_id,
        tenant.org_id,
    )
    step = Caller.at(database, tenant).start_step(run["run_id"])
    Caller.at(database, tenant).call("add_workflow_event", step, "found")
    for table in TABLES:
        assert partition_of(database, table, run["run_id"]) == f"mainstem.{table}_p20150201t0000"


def test_without_its_leaf_a_run_of_an_old_date_is_refused_and_in_no_other(
    database: Database, tenant: Tenant
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        database.rows(
            "insert into mainstem.user_workflow_run (run_id, workflow_id, org_id, status, channel, driver)"
            " values (mainstem.new_run_id('2015-02-03'), %s, %s, 'pending', 'web', 'recorded')",
            tenant.workflow_id,
            tenant.org_id,
        )


def test_a_leaf_fills_the_gap_that_its_neighbours_leave(database: Database) -> None:
    conn = database.connect(None)
    conn.execute("set role mainstem_owner")
    conn.execute("select mainstem._make_workflow_leaf('2011-03-10 00:00+00', '2011-03-20 00:00+00')")
    for at in ("2011-03-05", "2011-03-25", "2011-03-15"):
        conn.execute("select mainstem.ensure_workflow_leaf(%s)", [at])
    assert leaves(database)[:3] == [
        ("2011-03-01", "2011-03-10"),
        ("2011-03-10", "2011-03-20"),
        ("2011-03-20", "2011-04-01"),
    ]
    bounds = database.rows(
        "select c.relname, pg_get_expr(c.relpartbound, c.oid) as bound from pg_class c where c.relname ~ 'p201103'"
        " and c.relkind = 'r'"
    )
    by_leaf: dict[str, set[str]] = {}
    for row in bounds:
        by_leaf.setdefault(row["relname"][-14:], set()).add(row["bound"])
    assert [len(alike) for alike in by_leaf.values()] == [1, 1, 1], "the same bounds for all three tables"


def test_leaves_reach_four_weeks_ahead_after_installation(database: Database) -> None:
    assert database.value(
        "select min(lower) < now() - interval '2 weeks' and max(upper) > now() + interval '4 weeks' from mainstem.user_workflow_leaf"
    )
    gaps = [
        (one, other)
        for (_, one), (other, _) in zip(leaves(database), leaves(database)[1:], strict=False)
        if one != other
    ]
    assert gaps == []


def test_a_run_begun_long_after_the_last_maintenance_makes_its_leaf(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    clock.advance(days=800)
    caller = Caller.at(database, tenant)
    run_id = caller.start_run()
    caller.start_step(run_id)
    month = database.value("select to_char(mainstem.clock() at time zone 'UTC', 'YYYYMM')")
    assert (
        partition_of(database, "user_workflow_run_step", run_id)
        == f"mainstem.user_workflow_run_step_p{month}01t0000"
    )


def test_a_leaf_that_was_retired_is_kept_when_runs_of_its_time_come_again(
    database: Database, clock: Clock
) -> None:
    conn = database.connect()
    conn.execute("select mainstem.ensure_workflow_leaf('2015-02-03')")
    assert conn.execute("select scheduled_leaves from mainstem.cleanup_old_execution_data()").fetchall() != []
    retired = "select retired_at is not null from mainstem.user_workflow_leaf where suffix = 'p20150201t0000'"
    assert database.value(retired) is True
    conn.execute("select mainstem.ensure_workflow_leaf('2015-02-04')")
    assert database.value(retired) is False


def test_nobody_reads_a_leaf_past_its_parents_policies(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    """The obvious way, a grant on all tables, would show every tenant's rows in the leaf: policies stand on the parent."""
    run_id = Caller.at(database, other_tenant).start_run()
    leaf = partition_of(database, "user_workflow_run", run_id)
    caller = Caller.at(database, tenant)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        caller.rows(f"select * from {leaf}")
    database.connect(None).execute(f"grant select on {leaf} to mainstem_app")
    assert [row["run_id"] for row in caller.rows(f"select run_id from {leaf}")] == [run_id], "the open door"
    assert caller.rows("select run_id from mainstem.user_workflow_run") == []
