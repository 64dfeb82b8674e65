"""People with SQL of their own: a login each, held to its tenant whatever it sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from servers import as_login
from tenants import TENANT_TABLES, TENANT_VIEWS, Connection, Neighbours, names, set_tenant, two_tenants

DENIED = psycopg.errors.InsufficientPrivilege
OURS = ("mainstem_owner", "mainstem_app", "mainstem_worker", "mainstem_search")
HIDDEN = {"tenant_login", "user_api_key", "user_workflow_audit", "user_workflow_idempotency"}
"""Tables that people do not read."""


@pytest.fixture(scope="module")
def neighbours(server_url: str) -> Iterator[Neighbours]:
    with two_tenants(server_url) as made:
        yield made


@contextmanager
def login(neighbours: Neighbours, *roles: str, org: Any = None) -> Iterator[Connection]:
    """A session of a login in these roles, held to this tenant."""
    name = f"person_{uuid4().hex[:8]}"
    admin = neighbours.superuser
    admin.execute(
        SQL("create role {} login in role {}").format(
            Identifier(name), SQL(", ").join(map(Identifier, roles))
        )
    )
    if org is not None:
        admin.execute("insert into mainstem.tenant_login (login, org_id) values (%s, %s)", [name, org])
    try:
        with psycopg.connect(as_login(neighbours.url, name), autocommit=True) as conn:
            yield conn
    finally:
        admin.execute(SQL("drop role {}").format(Identifier(name)))


def readable(neighbours: Neighbours) -> list[str]:
    found = [*names(neighbours.superuser, TENANT_TABLES), *names(neighbours.superuser, TENANT_VIEWS)]
    return [relation for relation in found if relation.removeprefix("mainstem.") not in HIDDEN]


def seen(conn: Connection, relations: list[str]) -> set[Any]:
    """The tenants of all rows that it sees."""
    tenants = " union ".join(f"select org_id from {relation}" for relation in relations)
    return {org for (org,) in conn.execute(tenants).fetchall()}


@pytest.mark.parametrize("roles", [("mainstem_tenant",), ("mainstem_tenant", "mainstem_reader")])
def test_a_login_sees_its_own_tenant_whatever_it_sets_and_becomes(
    neighbours: Neighbours, roles: tuple[str, ...]
) -> None:
    mine, theirs = neighbours.mine["org"], neighbours.theirs["org"]
    with login(neighbours, *roles, org=mine) as person:
        for role in ("none", *roles):
            person.execute(SQL("set role {}").format(SQL(role)))
            set_tenant(person, str(mine), local=False)
            assert seen(person, readable(neighbours)) == {mine}
            set_tenant(person, str(theirs), local=False)
            assert seen(person, readable(neighbours)) == set()
            assert person.execute("select count(*) from mainstem.search_workflow_runs()").fetchone() == (0,)
            assert person.execute(
                "select mainstem.read_workflow_run(%s)", [neighbours.theirs["ended_run"]]
            ).fetchone() == (None,)


def test_a_login_finds_its_own_runs(neighbours: Neighbours) -> None:
    with login(neighbours, "mainstem_tenant", org=neighbours.mine["org"]) as person:
        set_tenant(person, str(neighbours.mine["org"]), local=False)
        assert person.execute("select count(*) > 0 from mainstem.search_workflow_runs()").fetchone() == (
            True,
        )


def test_a_login_becomes_nobody_else(neighbours: Neighbours) -> None:
    with login(neighbours, "mainstem_tenant", org=neighbours.mine["org"]) as person:
        for role in (*OURS, "mainstem_reader", "postgres"):
            for attempt in ("set role {}", "set session authorization {}"):
                with pytest.raises(DENIED):
                    person.execute(SQL(attempt).format(Identifier(role)))
        with pytest.raises(DENIED):
            person.execute("update mainstem.tenant_login set org_id = %s", [neighbours.theirs["org"]])


@pytest.mark.parametrize("roles", [("mainstem_tenant",), ("mainstem_tenant", "mainstem_reader")])
def test_a_login_without_a_tenant_sees_nothing(neighbours: Neighbours, roles: tuple[str, ...]) -> None:
    with login(neighbours, *roles) as person:
        for role in ("none", *roles):
            person.execute(SQL("set role {}").format(SQL(role)))
            set_tenant(person, str(neighbours.theirs["org"]), local=False)
            assert seen(person, readable(neighbours)) == set()
            assert person.execute("select count(*) from mainstem.search_workflow_runs()").fetchone() == (0,)


@pytest.mark.parametrize("roles", [("mainstem_tenant",), ("mainstem_tenant", "mainstem_reader")])
def test_a_login_writes_nothing(neighbours: Neighbours, roles: tuple[str, ...]) -> None:
    relations = [*names(neighbours.superuser, TENANT_TABLES), *names(neighbours.superuser, TENANT_VIEWS)]
    with login(neighbours, *roles, org=neighbours.mine["org"]) as person:
        set_tenant(person, str(neighbours.mine["org"]), local=False)
        for relation in relations:
            for attempt in (
                "delete from {}",
                "update {} set org_id = org_id",
                "insert into {} default values",
                "truncate {}",
            ):
                with pytest.raises(
                    (DENIED, psycopg.errors.WrongObjectType, psycopg.errors.ObjectNotInPrerequisiteState)
                ):
                    person.execute(attempt.format(relation))
        with pytest.raises(DENIED):
            person.execute("create table mainstem.mine (id integer)")


def test_a_leaky_function_of_ones_own_is_shown_ones_own_rows_only(neighbours: Neighbours) -> None:
    leaked: list[str] = []
    with login(neighbours, "mainstem_tenant", org=neighbours.mine["org"]) as person:
        set_tenant(person, str(neighbours.mine["org"]), local=False)
        person.add_notice_handler(lambda notice: leaked.append(notice.message_primary or ""))
        person.execute(
            "create function pg_temp.leak(uuid) returns boolean language plpgsql cost 0.0000001 as"
            " $$ begin raise notice '%', $1; return true; end $$"
        )
        person.execute("select count(*) from mainstem.user_workflow_run where pg_temp.leak(org_id)")
        person.execute("drop function pg_temp.leak(uuid)")
    assert set(leaked) == {str(neighbours.mine["org"])}


def test_a_servers_login_is_held_to_no_tenant(neighbours: Neighbours) -> None:
    with login(neighbours, "mainstem_app", "mainstem_tenant") as server:
        assert server.execute("select mainstem.org_of_login()").fetchone() == (None,)
    with login(neighbours, "mainstem_reader") as reader:
        set_tenant(reader, str(neighbours.theirs["org"]), local=False)
        assert seen(reader, readable(neighbours)) == {neighbours.theirs["org"]}
