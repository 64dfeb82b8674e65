"""The guard at the start: what it refuses names the command that repairs it, and that command repairs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from pictures import picture
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from conftest import TEMPLATE, Database
from mainstem.errors import (
    DatabaseError,
    RightsMissing,
    SchemaDrifted,
    SchemaMissing,
    SchemaNewer,
    SchemaOlder,
)
from mainstem.ledger.catalog import definitions, drifts, refuse_misfit
from mainstem.ledger.install import store_fingerprint, upgrade
from servers import as_login
from servers import database as fresh_database

UPGRADE = "mainstem db upgrade"
CHECK = "mainstem db check"

MUTATIONS: dict[str, tuple[str, type[DatabaseError], str]] = {
    "a column dropped": ("alter table mainstem.user_workflow_run drop column tags", SchemaDrifted, CHECK),
    "a column's type changed": (
        "alter table mainstem.user_workflow_run alter column priority type bigint", SchemaDrifted, CHECK),
    "a constraint dropped": (
        "alter table mainstem.user_workflow_run drop constraint ended_runs_have_an_end", SchemaDrifted, CHECK),
    "an index dropped": ("drop index mainstem.queue_ready", SchemaDrifted, CHECK),
    "a function's body edited": (
        "create or replace function mainstem._refuse_stricter_isolation() returns void language plpgsql as 'begin end'",
        SchemaDrifted, UPGRADE),
    "a function edited on which tables stand": (
        ("create or replace function mainstem.step_number_of(step_id uuid) returns integer"
        " language sql immutable strict parallel safe return 0"), SchemaDrifted, UPGRADE),
    "a function dropped": ("drop function mainstem.retry_workflow_step(uuid, jsonb)", SchemaDrifted, UPGRADE),
    "a trigger disabled": (
        "alter table mainstem.user_workflow_run disable trigger ended_runs_stay_ended", SchemaDrifted, UPGRADE),
    "a policy dropped": ("drop policy tenant on mainstem.user_workflow_run", SchemaDrifted, UPGRADE),
    "a policy's condition changed": (
        "alter policy tenant on mainstem.user_workflow_signal using (true)", SchemaDrifted, UPGRADE),
    "a policy added": (
        "create policy hole on mainstem.user_workflow_run for select to mainstem_app using (true)", SchemaDrifted, UPGRADE),
    "row security off": (
        "alter table mainstem.user_workflow_run_step disable row level security", SchemaDrifted, UPGRADE),
    "row security not forced": (
        "alter table mainstem.user_workflow_event no force row level security", SchemaDrifted, UPGRADE),
    "a view with its owner's rights": (
        "alter view mainstem.v_workflow_execution_summary reset (security_invoker)", SchemaDrifted, UPGRADE),
    "a view dropped": ("drop view mainstem.v_node_execution_stats", SchemaDrifted, UPGRADE),
    "an older schema": (
        "update mainstem.schema_info set installed_code = 0, min_code = 0, max_code = 0", SchemaOlder, UPGRADE),
    "a newer schema": (
        "update mainstem.schema_info set installed_code = 3, min_code = 2, max_code = 3",
        SchemaNewer, "pip install --upgrade mainstem"),
    "another major version of the server": (
        "update mainstem.schema_info set server_major = 14", SchemaOlder, UPGRADE),
    "no schema": ("drop schema mainstem cascade", SchemaMissing, UPGRADE),
}  # fmt: skip
"""What is done to the schema → what the guard raises, and the command that it names."""

OWN_THINGS = {
    "an index of your own": "create index mine on mainstem.user_workflow_run (org_id, tags)",
    "a partition of your own": "select mainstem.ensure_workflow_leaf('2019-04-01')",
    "a view of your own": "create view mainstem.mine as select run_id from mainstem.user_workflow_run",
    "a function of your own": "create function mainstem.mine() returns integer language sql as 'select 1'",
    "a column of your own": "alter table mainstem.user_workflow add column colour text",
    "a code between the oldest and the newest": "update mainstem.schema_info set installed_code = 9, max_code = 9",
}


@contextmanager
def opened(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True, row_factory=tuple_row) as conn:
        yield conn


@pytest.fixture(scope="module")
def installed(server_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database that every test finds as it was: what they do is rolled back."""
    with fresh_database(server_url, TEMPLATE) as url, opened(url) as conn:
        refuse_misfit(conn)
        yield conn


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_guard_refuses_and_names_the_repairing_command(
    installed: psycopg.Connection[Any], mutation: str
) -> None:
    statement, error, command = MUTATIONS[mutation]
    with installed.transaction(force_rollback=True):
        installed.execute(statement)
        with pytest.raises(error) as refused:
            refuse_misfit(installed)
        assert type(refused.value) is error
        assert command in (refused.value.hint or "")
    refuse_misfit(installed)


@pytest.mark.parametrize("own", OWN_THINGS)
def test_the_guard_lets_pass(installed: psycopg.Connection[Any], own: str) -> None:
    with installed.transaction(force_rollback=True):
        installed.execute(OWN_THINGS[own])
        refuse_misfit(installed)


def test_an_upgrade_repairs_all_that_names_it_as_the_remedy(empty_database: Database) -> None:
    with opened(empty_database.url) as conn:
        upgrade(conn)
        before = picture(conn)
        for statement, _error, command in MUTATIONS.values():
            if command == UPGRADE and not statement.startswith("drop schema"):
                conn.execute(statement)
        assert len(before.items() - picture(conn).items()) >= 10
        upgrade(conn)
        assert picture(conn) == before
        refuse_misfit(conn)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("alter table mainstem.user_workflow_run_step drop constraint step_status_is_known", 1),
        ("alter table mainstem.user_workflow_config drop constraint a_config_s_version_is_its_own", 1),
        ("alter table mainstem.user_workflow_leaf drop constraint leaves_do_not_overlap", 1),
        ("drop index mainstem.queue_owned, mainstem.one_active_config_for_each_scope", 2),
        ("drop index mainstem.user_workflow_run_step_failed", 1),  # of a partitioned table
        ("alter table mainstem.user_workflow_run_step alter column iteration type bigint", 1),
        ("alter table mainstem.user_workflow_run_step alter column screenshots drop not null, alter column screenshots drop default", 1),
        ("alter table mainstem.user_workflow alter column version type text, alter column version set default 'one'", 1),
        ("alter table mainstem.user_workflow_run drop column tags", 1),
    ],
)  # fmt: skip
def test_what_a_drift_names_as_its_remedy_repairs_it(
    installed: psycopg.Connection[Any], statement: str, broken: int
) -> None:
    with installed.transaction(force_rollback=True):
        before = definitions(installed)
        leaves = installed.execute(INDEXES_OF_LEAVES).fetchall()
        installed.execute(statement)
        found = drifts(installed)
        assert len(found) == broken
        for drift in found:
            installed.execute(drift.remedy)
        assert definitions(installed) == before
        assert installed.execute(INDEXES_OF_LEAVES).fetchall() == leaves
        refuse_misfit(installed)


INDEXES_OF_LEAVES = """
select i.inhparent::regclass::text, count(*) from pg_inherits i join pg_index x on x.indexrelid = i.inhrelid and x.indisvalid
 group by 1 order by 1
"""


def test_an_upgrade_does_not_make_a_drift_of_tables_the_norm(database: Database) -> None:
    with opened(database.url) as conn:
        conn.execute("alter table mainstem.user_workflow_run drop constraint ended_runs_have_an_end")
        with pytest.raises(SchemaDrifted, match=CHECK) as refused:
            upgrade(conn)
        assert refused.value.objects == ("constraint user_workflow_run.ended_runs_have_an_end",)
        store_fingerprint(conn)
        upgrade(conn)
        refuse_misfit(conn)


@pytest.mark.parametrize("path", ["mainstem, public", "public", "''"])
def test_a_search_path_of_ones_own_is_no_drift(installed: psycopg.Connection[Any], path: str) -> None:
    with installed.transaction(force_rollback=True):
        installed.execute(f"set local search_path = {path}")
        refuse_misfit(installed)
        asked = installed.execute("show search_path").fetchone()
        store_fingerprint(installed)
        installed.execute("set local search_path = pg_catalog, mainstem")
        refuse_misfit(installed)
    assert asked != ("pg_catalog",)


def test_a_login_that_may_not_look_is_told_so(database: Database) -> None:
    with opened(database.url) as conn:
        conn.execute("create role onlooker login")
        try:
            with (
                opened(as_login(database.url, "onlooker")) as theirs,
                pytest.raises(RightsMissing, match="permission denied"),
            ):
                refuse_misfit(theirs)
        finally:
            conn.execute(SQL("drop role {}").format(Identifier("onlooker")))
