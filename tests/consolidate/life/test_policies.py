"""Row level security of the old tables holds at the views that have their names: a tenant sees, changes and writes its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from conftest import Database
from mainstem.consolidate.life import adopt, compiled, copy, cut_over, migrator, read_plan, roll_back, verify
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample.rows import install

ROLE = "old_application_role"
COUNTS = "select (select count(*) from workflow_trace), (select count(*) from workflow_trace_context)"
RENAME = "update workflow_trace set external_id = 'theirs'"
BEGIN = (
    "insert into workflow_trace (workflow_id, channel, created_by) select w.workflow_id, 'web', t.created_by"
    " from user_workflow w, (select created_by from workflow_trace limit 1) t where w.workflow_id = %s"
)


@pytest.fixture
def old(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The old application's login: held by the policies, with rights on all tables."""
    with psycopg.connect(database.url, autocommit=True) as conn:
        install(conn)
        conn.execute(
            f"do $$ begin create role {ROLE} nologin; exception when duplicate_object then null; end $$"
        )
        conn.execute(f"grant usage on schema public to {ROLE}")
        conn.execute(f"grant select, insert, update, delete on all tables in schema public to {ROLE}")
        conn.execute(f"grant usage on all sequences in schema public to {ROLE}")
        conn.execute("set search_path = public")
        conn.execute(f"set role {ROLE}")
        yield conn
        conn.execute("reset role")
        conn.execute(f"drop owned by {ROLE}")


def switched(url: str) -> None:
    with migrator(url, "rcm") as conn:
        program = compiled(conn, adopt(conn, preset("rcm")))
        copy(conn, program, read_plan(conn, "rcm"))
        verify(conn, program, read_plan(conn, "rcm"))
        cut_over(conn, program, read_plan(conn, "rcm"))


def seen(conn: psycopg.Connection[Any], org_id: str) -> tuple[int, int]:
    conn.execute("select set_config('app.current_org_id', %s, false)", [org_id])
    [row] = conn.execute(COUNTS).fetchall()
    return row[0], row[1]


def test_a_tenant_sees_its_own_rows_by_the_old_names_before_and_after_and_after_the_way_back(
    database: Database, old: psycopg.Connection[Any]
) -> None:
    orgs = [str(row["org_id"]) for row in database.rows("select org_id from public.organization")]
    before = {org_id: seen(old, org_id) for org_id in orgs}
    [everything] = database.rows("select (select count(*) from public.workflow_trace) as runs")
    assert max(before.values())[0] < everything["runs"]
    assert len([runs for runs, _ in before.values() if runs]) > 1
    switched(database.url)
    assert {org_id: seen(old, org_id) for org_id in orgs} == before
    assert seen(old, "") == (0, 0)
    with migrator(database.url, "rcm") as conn:
        plan = read_plan(conn, "rcm")
        roll_back(conn, compiled(conn, plan), plan)
    assert {org_id: seen(old, org_id) for org_id in orgs} == before


def test_a_tenant_changes_and_writes_its_own_rows_only(
    database: Database, old: psycopg.Connection[Any]
) -> None:
    orgs = [
        str(row["org_id"])
        for row in database.rows(
            "select w.org_id from public.user_workflow w join public.workflow_trace using (workflow_id)"
            " where w.org_id is not null group by 1 order by count(*) desc"
        )
    ]
    switched(database.url)
    runs, _ = seen(old, orgs[0])
    assert old.execute(RENAME).rowcount == runs
    assert database.value("select count(*) from public.workflow_trace where external_id = 'theirs'") == runs
    [theirs] = database.rows(
        "select workflow_id from public.user_workflow where org_id = %s limit 1", orgs[1]
    )
    with pytest.raises(errors.InsufficientPrivilege):
        old.execute(BEGIN, [theirs["workflow_id"]])
    [mine] = database.rows("select workflow_id from public.user_workflow where org_id = %s limit 1", orgs[0])
    assert old.execute(BEGIN, [mine["workflow_id"]]).rowcount == 1
