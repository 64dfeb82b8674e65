"""Databases for tests: a template with the schema for each server, a copy of it for each test, a clock that moves."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from mainstem import Mainstem
from mainstem.ledger.call import Call, perform
from mainstem.ledger.install import store_fingerprint, upgrade
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect
from servers import POSTGRES_15, embedded_server, in_database, postgres_15
from servers import database as fresh_database

T = TypeVar("T")

# a shell has what it runs in the background ignore it, and whatever tests begin would ignore it too
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_connections": "200"}
"""Tests kill processes, not machines: what the kernel has is not lost."""

TEMPLATE = "mainstem_template"

CATALOG = """
select string_agg(oid::regclass::text, ', ') from pg_class
 where relkind = 'r' and relnamespace = 'pg_catalog'::regnamespace and not relisshared
"""

MOVABLE_CLOCK = """
create table public.moved_clock (ahead interval not null);
insert into public.moved_clock values ('0');
grant select on public.moved_clock to public;
create or replace function mainstem.clock() returns timestamptz language sql volatile parallel safe
return clock_timestamp() + (select ahead from public.moved_clock);
alter function mainstem.clock() owner to mainstem_owner;
"""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from shares import scheduler

    return scheduler(config, log)


def _server_names() -> list[str]:
    """18 from the wheel; 15 where Debian's package is installed (CI installs it, so that nothing is left out there)."""
    asked = os.environ.get("MAINSTEM_TEST_SERVERS")
    return asked.split(",") if asked else ["18", *(["15"] if POSTGRES_15.exists() else [])]


@pytest.fixture(scope="session")
def started_servers() -> Iterator[Callable[[str], str]]:
    """Name to the superuser's URL of a server with the template: started when it is first asked for, and then kept.

    A test file has tests for each server in turn, and the two cores take file after file.
    """
    with ExitStack() as stack:
        urls: dict[str, str] = {}

        def url_of(name: str) -> str:
            if name not in urls:
                started: Any = stack.enter_context(
                    embedded_server(QUICK) if name == "18" else postgres_15(QUICK)
                )
                _make_template(started.url)
                urls[name] = started.url
            return urls[name]

        yield url_of


def _make_template(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"create database {TEMPLATE}")
    with psycopg.connect(in_database(url, TEMPLATE), autocommit=True) as conn:
        upgrade(conn)
        conn.execute(MOVABLE_CLOCK)
        store_fingerprint(conn)
    _warm(in_database(url, TEMPLATE))


def _warm(url: str) -> None:
    """What the first session of a database does for all that come after it: done once, it is copied with the files."""
    with psycopg.connect(url, autocommit=True) as conn:
        [(tables,)] = conn.execute(CATALOG).fetchall()
        conn.execute(f"vacuum (freeze) {tables}")
    psycopg.connect(url).close()  # it writes the file of the relation cache, which the vacuum took away


@pytest.fixture(scope="session", params=_server_names())
def server_url(request: pytest.FixtureRequest, started_servers: Callable[[str], str]) -> str:
    """The superuser's URL of a server with the template; tests run once for each server."""
    return started_servers(request.param)


@dataclass
class Database:
    """A database of its own, with the schema in it."""

    url: str
    _opened: list[psycopg.Connection[Any]] = field(default_factory=list)

    def connect(
        self, role: str | None = "mainstem_app", org_id: UUID | None = DEFAULT_ORG
    ) -> psycopg.Connection[Any]:
        """An autocommit connection in a role, its rows as dicts, its session's tenant set; None stays superuser."""
        conn = connect(self.url, role=role, application_name="test")
        conn.row_factory = dict_row  # type: ignore[assignment]
        if org_id is not None:
            conn.execute("select set_config('app.current_org_id', %s, false)", [str(org_id)])
        self._opened.append(conn)
        return conn

    def perform(self, call: Call[T], *, role: str = "mainstem_app", org_id: UUID | None = DEFAULT_ORG) -> T:
        """Perform one call on a connection of its own."""
        with connect(self.url, role=role, application_name="test") as conn:
            return perform(conn, call, org_id=org_id)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """What a superuser sees."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as conn:
            return conn.execute(query, parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        """The one value of the one row."""
        [row] = self.rows(query, *parameters)
        return next(iter(row.values()))

    def close(self) -> None:
        for conn in self._opened:
            conn.close()


@pytest.fixture
def database(server_url: str) -> Iterator[Database]:
    """A copy of the template, gone afterwards."""
    with fresh_database(server_url, TEMPLATE) as url:
        made = Database(url)
        yield made
        made.close()


@pytest.fixture
def empty_database(server_url: str) -> Iterator[Database]:
    """A database without the schema, gone afterwards."""
    with fresh_database(server_url) as url:
        made = Database(url)
        yield made
        made.close()


@dataclass
class Clock:
    """The database's clock, as tests move it."""

    database: Database

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        """Move it ahead for every connection."""
        with psycopg.connect(self.database.url, autocommit=True) as conn:
            conn.execute(
                "update public.moved_clock set ahead = ahead + make_interval(secs => %s)",
                [seconds + days * 86400],
            )
            conn.execute("notify mainstem_ready")
            conn.execute("notify mainstem_schedule")


@pytest.fixture
def clock(database: Database) -> Clock:
    return Clock(database)


@dataclass(frozen=True)
class Tenant:
    """An organization with a workflow, a node and a user."""

    org_id: UUID
    workflow_id: UUID
    node_id: UUID
    user_id: UUID


def make_tenant(database: Database, org_id: UUID | None = None) -> Tenant:
    """A tenant with something to work with; the default organization when org_id is it."""
    org = org_id or uuid4()
    tenant = Tenant(org, uuid4(), uuid4(), uuid4())
    with psycopg.connect(database.url, autocommit=True) as conn:
        if org != DEFAULT_ORG:
            conn.execute("select mainstem.create_organization(%s, %s)", [f"org {org}", org])
        conn.execute(
            "insert into mainstem.user_workflow (org_id, workflow_id, name) values (%s, %s, %s)",
            [org, tenant.workflow_id, "intake"],
        )
        conn.execute(
            "insert into mainstem.user_workflow_node (org_id, node_id, workflow_id, label) values (%s, %s, %s, 'Read')",
            [org, tenant.node_id, tenant.workflow_id],
        )
        conn.execute(
            "insert into mainstem.app_user (org_id, user_id, email) values (%s, %s, 'ann@example.test')",
            [org, tenant.user_id],
        )
    return tenant


@pytest.fixture
def tenant(database: Database) -> Tenant:
    """The default organization, with a workflow."""
    return make_tenant(database, DEFAULT_ORG)


@pytest.fixture
def other_tenant(database: Database) -> Tenant:
    """Another organization."""
    return make_tenant(database)


@pytest.fixture
async def ms(database: Database) -> Any:
    """A client of the default organization."""
    async with Mainstem(database.url) as client:
        yield client
