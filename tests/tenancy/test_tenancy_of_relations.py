"""Every relation: protected, or on a short list with its reason; and nothing of another tenant through any of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tenants import (
    TENANT_TABLES,
    TENANT_VIEWS,
    Connection,
    Neighbours,
    digest,
    names,
    set_tenant,
    two_tenants,
)

DENIED, NO_UUID = "42501", "22P02"

UNPROTECTED = {
    "user_workflow_worker": "processes of ours, which serve every tenant; tenants read it, and only workers write it",
    "user_workflow_queue": "limits of queues, which are pools of workers that serve every tenant; a server lets only the installation's admins write them",
    "user_workflow_leaf": "bounds of partitions: times, and nobody's rows",
    "schema_info": "one row about the installation",
    "alembic_version": "one row about the installation",
}
"""Tables without a tenant, and why they need none."""

UNPROTECTED_MAY_BE = {
    "user_workflow_worker": {"mainstem_app": "r", "mainstem_worker": "arwd"},
    "user_workflow_queue": {"mainstem_app": "arwd", "mainstem_worker": "arwd"},
    "user_workflow_leaf": {"mainstem_app": "r", "mainstem_worker": "r", "mainstem_search": "r"},
    "schema_info": {"mainstem_app": "r", "mainstem_worker": "r"},
    "alembic_version": {},
}
"""What each role may do with them, as PostgreSQL abbreviates it."""

POLICIES = {
    "tenant": ("PERMISSIVE", {"mainstem_app", "mainstem_tenant", "mainstem_reader"}),
    "held_to_its_login": ("RESTRICTIVE", {"mainstem_tenant"}),
    "held_to_its_login_as_reader": ("RESTRICTIVE", {"mainstem_reader"}),
    "everything": ("PERMISSIVE", {"mainstem_owner", "mainstem_worker"}),
}
"""What stands on every tenant's table."""

OF_RUNS = {
    "user_workflow_run_step", "user_workflow_event", "user_workflow_run_queue", "user_workflow_signal",
    "user_workflow_run_context",
}  # fmt: skip
"""What workers read by run_id alone: see test_tenancy_of_rows_by_run."""

SEARCHED = {
    "user_workflow_run",
    "user_workflow_run_step",
    "user_workflow_run_context",
    "user_workflow",
    "user_workflow_node",
}
"""What mainstem_search reads for the functions that add the tenant themselves."""

RELATIONS = """
select c.relname, c.relkind, c.relispartition, c.relrowsecurity and c.relforcerowsecurity,
       coalesce(c.reloptions @> '{security_invoker=true}', false),
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id')
  from pg_class c where c.relnamespace = 'mainstem'::regnamespace and c.relkind not in ('i', 'I', 'c') order by 1
"""

GRANTED_ON_LEAVES = """
select c.relname, r.rolname
  from pg_class c cross join pg_roles r
 where c.relnamespace = 'mainstem'::regnamespace and c.relispartition and c.relkind in ('r', 'p')
   and not r.rolsuper and r.rolname !~ '^pg_' and not pg_has_role(r.oid, c.relowner, 'usage')
   and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
        or has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references'))
"""


@pytest.fixture(scope="module")
def neighbours(server_url: str) -> Iterator[Neighbours]:
    with two_tenants(server_url) as made:
        yield made


def mine(neighbours: Neighbours, role: str = "mainstem_app") -> Any:
    return neighbours.as_role(role, str(neighbours.mine["org"]))


def outcome(conn: Connection, statement: str, *parameters: Any) -> Any:
    """How many rows it changed, or the SQLSTATE of what was raised instead."""
    try:
        with conn.transaction():
            return conn.execute(statement, parameters).rowcount
    except psycopg.Error as refused:
        return refused.sqlstate


def test_every_relation_is_protected_or_stands_on_the_list_with_its_reason(neighbours: Neighbours) -> None:
    unprotected = set()
    for name, kind, is_leaf, is_forced, asks_as_invoker, has_tenant in neighbours.superuser.execute(
        RELATIONS
    ):
        if kind == "v":
            assert asks_as_invoker, name
        elif not is_leaf and (is_forced or has_tenant):
            assert (kind in "rp", is_forced, has_tenant) == (True, True, True), name
        elif not is_leaf:
            unprotected.add(name)
    assert unprotected == set(UNPROTECTED)


def test_the_same_policies_stand_on_every_tenants_table(neighbours: Neighbours) -> None:
    for table in names(neighbours.superuser, TENANT_TABLES):
        name = table.removeprefix("mainstem.")
        found = {
            policy: (kind, set(roles))
            for policy, kind, roles in neighbours.superuser.execute(
                "select policyname, permissive, roles::text[] from pg_policies where schemaname = 'mainstem' and tablename = %s",
                [name],
            )
        }
        search = {"search": ("PERMISSIVE", {"mainstem_search"})} if name in SEARCHED else {}
        by_run = {"held_to_its_own_runs": ("RESTRICTIVE", POLICIES["tenant"][1])} if name in OF_RUNS else {}
        assert found == POLICIES | search | by_run, name


def test_what_has_no_tenant_gives_no_more_rights_than_the_list_says(neighbours: Neighbours) -> None:
    letters = {"INSERT": "a", "SELECT": "r", "UPDATE": "w", "DELETE": "d"}
    found: dict[str, dict[str, str]] = {name: {} for name in UNPROTECTED}
    for name, role, right in neighbours.superuser.execute(
        "select c.relname, g.grantee::regrole::text, g.privilege_type from pg_class c, aclexplode(c.relacl) g"
        " where c.relnamespace = 'mainstem'::regnamespace and c.relname = any(%s) and g.grantee <> c.relowner"
        " order by position(g.privilege_type in 'INSERT SELECT UPDATE DELETE')",
        [list(UNPROTECTED)],
    ):
        found[name][role] = found[name].get(role, "") + letters.get(right, right)
    assert found == UNPROTECTED_MAY_BE


def test_every_table_and_view_has_rows_of_both_tenants(neighbours: Neighbours) -> None:
    """Else what follows would prove nothing."""
    relations = [*names(neighbours.superuser, TENANT_TABLES), *names(neighbours.superuser, TENANT_VIEWS)]
    for org in (neighbours.mine["org"], neighbours.theirs["org"]):
        empty = [r for r in relations if count(neighbours.superuser, r, "org_id = %s", org) == 0]
        assert empty == []


def count(conn: Connection, relation: str, condition: str, *parameters: Any) -> int:
    [(rows,)] = conn.execute(f"select count(*) from {relation} where {condition}", parameters).fetchall()
    return int(rows)


@pytest.mark.parametrize("role", ["mainstem_app", "mainstem_reader"])
def test_a_tenant_sees_its_own_rows_and_nobody_elses(neighbours: Neighbours, role: str) -> None:
    relations = [*names(neighbours.superuser, TENANT_TABLES), *names(neighbours.superuser, TENANT_VIEWS)]
    with mine(neighbours, role) as conn:
        readable = [
            r
            for r in relations
            if conn.execute("select has_table_privilege(%s, 'select')", [r]).fetchone() == (True,)
        ]
        for relation in readable:
            assert count(conn, relation, "org_id = %s", neighbours.mine["org"]) > 0, relation
            assert count(conn, relation, "org_id <> %s", neighbours.mine["org"]) == 0, relation
    unreadable = {r.removeprefix("mainstem.") for r in set(relations) - set(readable)}
    assert unreadable == {"tenant_login"} | (
        {"user_api_key", "user_workflow_audit", "user_workflow_idempotency"}
        if role == "mainstem_reader"
        else set()
    )


def test_without_a_tenant_there_are_no_rows(neighbours: Neighbours) -> None:
    relations = [*names(neighbours.superuser, TENANT_TABLES), *names(neighbours.superuser, TENANT_VIEWS)]
    with neighbours.as_role("mainstem_app", None) as conn:
        for relation in set(relations) - {"mainstem.tenant_login"}:
            assert count(conn, relation, "true") == 0, relation
            with conn.transaction():
                set_tenant(conn, str(neighbours.theirs["org"]), local=True)
                assert count(conn, relation, "true") > 0, relation
            assert count(conn, relation, "true") == 0, (
                f"{relation} in the next transaction of a pooled connection"
            )
        set_tenant(conn, "no uuid", local=False)
        for relation in set(relations) - {"mainstem.tenant_login"}:
            assert outcome(conn, f"select * from {relation}") == NO_UUID, relation


@pytest.mark.parametrize("role", ["mainstem_app", "mainstem_reader"])
def test_nothing_of_anothers_is_written_and_nothing_of_ones_own_given_away(
    neighbours: Neighbours, role: str
) -> None:
    theirs, my_org = neighbours.theirs["org"], neighbours.mine["org"]
    tables = names(neighbours.superuser, TENANT_TABLES)
    copies = {table: a_row_as_json(neighbours.superuser, table, theirs) for table in tables}
    before = digest(neighbours.superuser, theirs)
    with mine(neighbours, role) as conn:
        for table in tables:
            assert outcome(conn, f"update {table} set org_id = org_id where org_id = %s", theirs) in (
                0,
                DENIED,
            ), table
            assert outcome(conn, f"delete from {table} where org_id = %s", theirs) in (0, DENIED), table
            inserted = outcome(
                conn,
                f"insert into {table} select * from jsonb_populate_record(null::{table}, %s)",
                copies[table],
            )
            assert inserted == DENIED, table
            assert (
                outcome(conn, f"update {table} set org_id = %s where org_id = %s", theirs, my_org) == DENIED
            ), table
    assert digest(neighbours.superuser, theirs) == before


def a_row_as_json(conn: Connection, table: str, org: Any) -> str:
    found = conn.execute(f"select to_jsonb(t) from {table} t where org_id = %s limit 1", [org]).fetchone()
    assert found is not None
    return json.dumps(found[0])


def test_nobody_but_the_owner_has_any_right_on_a_partition(neighbours: Neighbours) -> None:
    with mine(neighbours) as conn:  # one that a tenant makes on the way, too
        conn.execute("select mainstem.ensure_workflow_leaf('2020-02-02')")
    leaves = names(
        neighbours.superuser,
        "select relname from pg_class where relispartition and relname ~ '^user_workflow.*p2020'",
    )
    assert len([leaf for leaf in leaves if not leaf.endswith(("key", "idx"))]) >= 3
    assert neighbours.superuser.execute(GRANTED_ON_LEAVES).fetchall() == []


def test_a_partition_shows_nothing_to_whoever_names_it(neighbours: Neighbours) -> None:
    leaves = names(
        neighbours.superuser,
        "select oid::regclass::text from pg_class where relnamespace = 'mainstem'::regnamespace and relispartition and relkind = 'r'",
    )
    for role in ("mainstem_app", "mainstem_worker", "mainstem_reader", "mainstem_tenant", "mainstem_search"):
        with neighbours.as_role(role, str(neighbours.mine["org"])) as conn:
            for leaf in leaves:
                assert outcome(conn, f"select run_id from {leaf}") == DENIED, (role, leaf)


@pytest.mark.parametrize("role", ["mainstem_app", "mainstem_reader", "mainstem_tenant"])
def test_statistics_show_no_tenants_values(neighbours: Neighbours, role: str) -> None:
    neighbours.superuser.execute("analyze")
    shown = "select tablename from pg_stats where schemaname = 'mainstem'"
    assert len(set(names(neighbours.superuser, shown))) > 20
    with mine(neighbours, role) as conn:
        assert set(names(conn, shown)) <= set(UNPROTECTED)
