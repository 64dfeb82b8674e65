"""Every function, called with another tenant's real ids: it refuses, or shows and does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from foreign_calls import CALLS, DENIED, REFUSALS, Foreign, ForWorkers, Harmless

from mainstem.ids import new_run_id
from mainstem.model import DEFAULT_ORG
from tenants import Connection, Neighbours, begin, digest, set_tenant, start_record, two_tenants

FOREIGN = [
    pytest.param(row, id=f"{row.call.partition('(')[0] or name}-{number}")
    for name, rows in CALLS.items() for number, row in enumerate(rows) if isinstance(row, Foreign)
]  # fmt: skip


@pytest.fixture(scope="module")
def neighbours(server_url: str) -> Iterator[Neighbours]:
    with two_tenants(server_url) as made:
        with made.as_role(
            "mainstem_app", str(DEFAULT_ORG)
        ) as app:  # so that of what is due for both, only theirs is left
            assert answer(app, "(select deleted_traces from mainstem.cleanup_old_execution_data(5))", {}) == [
                (1,)
            ]
            assert answer(app, "rebuild_workflow_queue()", {}) == [(1,)]
        yield made


def answer(conn: Connection, call: str, parameters: dict[str, Any]) -> Any:
    """The rows, or the SQLSTATE of what was raised instead."""
    select = call if call.startswith("(") else f"mainstem.{call}"
    try:
        return conn.execute(f"select * from {select} answered", parameters).fetchall()
    except psycopg.Error as refused:
        return refused.sqlstate


def parameters(neighbours: Neighbours) -> dict[str, Any]:
    start = start_record(neighbours.theirs["org"], neighbours.theirs["workflow"], new_run_id(), "their key")
    return (
        neighbours.theirs
        | {"start": start}
        | {f"my_{name}": value for name, value in neighbours.mine.items()}
    )


def test_every_function_of_the_schema_has_its_row_and_every_row_its_function(neighbours: Neighbours) -> None:
    found = neighbours.superuser.execute(
        "select proname from pg_proc where pronamespace = 'mainstem'::regnamespace order by 1"
    ).fetchall()
    assert [name for (name,) in found] == sorted(CALLS)  # and none has two signatures


@pytest.mark.parametrize("row", FOREIGN)
def test_a_call_with_another_tenants_ids_is_refused_and_changes_nothing(
    neighbours: Neighbours, row: Foreign
) -> None:
    before = digest(neighbours.superuser, neighbours.theirs["org"])
    with neighbours.as_role("mainstem_app", str(DEFAULT_ORG)) as app:
        assert answer(app, row.call, parameters(neighbours)) == row.answer
    assert digest(neighbours.superuser, neighbours.theirs["org"]) == before


@pytest.mark.parametrize("row", FOREIGN)
def test_the_tenant_itself_is_answered_otherwise(neighbours: Neighbours, row: Foreign) -> None:
    """Else the row would prove nothing."""
    superuser, theirs = neighbours.superuser, neighbours.theirs
    own = {f"my_{name}": value for name, value in theirs.items()}
    with superuser.transaction(force_rollback=True):
        before = digest(superuser, theirs["org"])
        superuser.execute("set local role mainstem_app")
        set_tenant(superuser, str(theirs["org"]), local=True)
        with superuser.transaction():
            answered = answer(superuser, row.call, parameters(neighbours) | own)
            if isinstance(answered, str):
                raise psycopg.Rollback
        superuser.execute("reset role")
        assert answered != row.answer or digest(superuser, theirs["org"]) != before


@pytest.mark.parametrize("row", FOREIGN)
def test_without_a_tenant_it_is_refused_and_changes_nothing(neighbours: Neighbours, row: Foreign) -> None:
    before = digest(neighbours.superuser, neighbours.theirs["org"])
    with neighbours.as_role("mainstem_app", None) as app:
        for setting in (None, "", "no uuid"):
            if setting is not None:
                set_tenant(app, setting, local=False)
            answered = answer(app, row.call, parameters(neighbours))
            assert answered == ("22P02" if setting == "no uuid" else row.answer) or answered in REFUSALS, (
                setting
            )
    assert digest(neighbours.superuser, neighbours.theirs["org"]) == before


@pytest.mark.parametrize("row", FOREIGN)
def test_a_pooled_connection_carries_no_tenant_into_its_next_transaction(
    neighbours: Neighbours, row: Foreign
) -> None:
    before = digest(neighbours.superuser, neighbours.theirs["org"])
    with neighbours.as_role("mainstem_app", None) as app:
        with app.transaction():
            set_tenant(app, str(neighbours.theirs["org"]), local=True)
            assert app.execute("select count(*) from mainstem.user_workflow").fetchone() == (2,)
        answered = answer(app, row.call, parameters(neighbours))
    assert answered == row.answer or answered in REFUSALS
    assert digest(neighbours.superuser, neighbours.theirs["org"]) == before


@pytest.mark.parametrize("name", [name for name, rows in CALLS.items() if isinstance(rows[0], ForWorkers)])
def test_what_only_workers_call_is_denied_to_a_tenant(neighbours: Neighbours, name: str) -> None:
    [(types,)] = neighbours.superuser.execute(
        "select array(select 'null::' || format_type(t, null) from unnest(p.proargtypes) with ordinality a (t, n) order by n)"
        "  from pg_proc p where pronamespace = 'mainstem'::regnamespace and proname = %s",
        [name],
    ).fetchall()
    with neighbours.as_role("mainstem_app", str(DEFAULT_ORG)) as app:
        assert answer(app, f"{name}({', '.join(types)})", {}) == DENIED


def test_a_harmless_function_says_why_it_is() -> None:
    assert all(row.reason for rows in CALLS.values() for row in rows if isinstance(row, Harmless))


@pytest.mark.parametrize("role", ["mainstem_reader", "mainstem_tenant", "mainstem_search"])
def test_roles_that_read_may_call_nothing_that_writes(neighbours: Neighbours, role: str) -> None:
    callable_ones = neighbours.superuser.execute(
        "select proname from pg_proc where pronamespace = 'mainstem'::regnamespace and has_function_privilege(%s, oid, 'execute')"
        "   and provolatile = 'v' order by 1",
        [role],
    ).fetchall()
    explains = [("_looked_through_to",)] if role == "mainstem_search" else []  # volatile for EXPLAIN's sake
    assert callable_ones == [*explains, ("clock",)]


def test_nobody_else_may_call_anything(neighbours: Neighbours) -> None:
    granted = neighbours.superuser.execute(
        "select distinct p.proname, g.grantee::regrole::text from pg_proc p, aclexplode(p.proacl) g"
        " where pronamespace = 'mainstem'::regnamespace and g.grantee::regrole::text !~ '^mainstem_'"
    ).fetchall()
    without = neighbours.superuser.execute(
        "select proname from pg_proc where pronamespace = 'mainstem'::regnamespace and proacl is null"
    ).fetchall()
    assert (granted, without) == ([], [])


def test_a_start_under_somebody_elses_run_id_begins_nothing(neighbours: Neighbours) -> None:
    mine, theirs = neighbours.mine, neighbours.theirs
    start = start_record(mine["org"], mine["workflow"], theirs["engine_run"], "a key of mine")
    before = digest(neighbours.superuser, theirs["org"])
    with neighbours.as_role("mainstem_app", str(mine["org"])) as app:
        call = "_start_runs_v1(null, array[jsonb_populate_record(null::mainstem._start_record, %(start)s)])"
        assert answer(app, call, {"start": start}) == "23505"
    assert digest(neighbours.superuser, theirs["org"]) == before


def test_a_key_of_anothers_is_free_for_me(neighbours: Neighbours) -> None:
    with neighbours.as_role("mainstem_app", str(DEFAULT_ORG)) as app:
        assert begin(app, neighbours.mine, f"key {uuid4()}") not in neighbours.theirs.values()
