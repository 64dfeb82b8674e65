"""The place: the database that Alembic migrates, reached by a connection of our own.

Each step of a consolidation commits by itself, and a switch asks for locks that Alembic's own transaction may hold: so that one is
ended first, and what Alembic's connection is told stays out of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection as Bind
from sqlalchemy import text
from sqlalchemy.engine import URL

from mainstem.consolidate.life import Connection, migrator
from mainstem.errors import RevisionRefused

_WHERE = "select current_database(), pg_postmaster_start_time()::text"
_CARRIED = ("host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "service")
"""Parameters of a URL's query that say how to get there; others say how to be there."""


@contextmanager
def migrated_by(context: MigrationContext, system: str) -> Iterator[tuple[Connection, str]]:
    """A migrator's connection to where Alembic is at work, and how it is reached; Alembic's transaction is committed before.

    Raises RevisionRefused for a database that is none of PostgreSQL, for an env.py whose transaction is not Alembic's to end, and
    where the same address leads elsewhere.
    """
    if context.dialect.name != "postgresql":
        raise RevisionRefused(
            f"Alembic migrates a database of {context.dialect.name}, not of PostgreSQL",
            hint="a SQLite file is consolidated by `mainstem consolidate adopt --sqlite`",
        )
    if _bind(context).in_transaction() and getattr(context, "_transaction", ...) is None:
        raise RevisionRefused(
            "env.py runs the revisions in a transaction of its own, which would hold what the switch needs",
            hint="let env.py say `with engine.connect() as connection:` and `with context.begin_transaction():`",
        )
    with context.autocommit_block():
        bind = _bind(context)
        where = make_conninfo(**_address(bind))
        with migrator(where, system) as conn:
            _refuse_elsewhere(conn, bind)
            yield conn, where


def _bind(context: MigrationContext) -> Bind:
    if context.connection is None:
        raise RevisionRefused("Alembic has no connection", hint="run it online, without --sql")
    return context.connection


def _address(bind: Bind) -> dict[str, Any]:
    """As the driver is connected, which knows what an engine with a creator does not say; else as the URL says."""
    url = bind.engine.url
    info = getattr(bind.connection.driver_connection, "info", None)
    given = {name: value for name, value in url.query.items() if name in _CARRIED} | _of_url(url)
    for name in ("host", "port", "user", "password", "dbname"):
        if value := getattr(info, name, None):
            given[name] = value
    return given


def _of_url(url: URL) -> dict[str, Any]:
    named = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}  # fmt: skip
    return {name: value for name, value in named.items() if value}


def _refuse_elsewhere(conn: Connection, bind: Bind) -> None:
    ours, theirs = conn.execute(_WHERE).fetchone(), bind.execute(text(_WHERE)).fetchone()
    if ours is None or theirs is None or tuple(ours) != tuple(theirs):
        raise RevisionRefused(
            f"Alembic is connected to {theirs[0] if theirs else 'nothing'}, and its URL leads to {conn.info.dbname} elsewhere",
            hint="let env.py connect by the URL of the server itself",
        )
