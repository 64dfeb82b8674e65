"""Connections to somebody's PostgreSQL: pinned, so that a value reads the same on every one; patient within limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from mainstem.errors import BadArgument, ServerTooOld, SourceUnreadable
from mainstem.postgres import Session, connect
from mainstem.postgres.connect import Connection

PINNED: Mapping[str, str] = {
    "row_security": "off",  # a policy would hide rows in silence; off, it is an error
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "pg_catalog",
}
"""What decides how a value is written as text, and what a name means: on every connection to a database that is not ours."""
READ_ONLY: Mapping[str, str] = {"default_transaction_read_only": "on"}

SET: LiteralString = """
select set_config(name, setting, %s) from unnest(%s::text[], %s::text[]) as t (name, setting)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a session waits or works before the server ends it, in seconds. statement None: as the login has it."""

    lock: float = 0.3
    statement: float | None = 30
    idle_in_transaction: float = 30

    def settings(self) -> dict[str, str]:
        limits = {
            "lock_timeout": self.lock,
            "statement_timeout": self.statement,
            "idle_in_transaction_session_timeout": self.idle_in_transaction,
        }
        return {name: str(int(seconds * 1000)) for name, seconds in limits.items() if seconds is not None}


@contextmanager
def reading(
    url: str, *, application_name: str = "mainstem inspect", patience: Patience | None = None
) -> Iterator[Connection]:
    """A pinned connection that cannot write. Each statement is a transaction of its own: no snapshot is held."""
    with ExitStack() as undo:
        conn = undo.enter_context(connection(url, application_name=application_name, patience=patience))
        configure(conn, READ_ONLY)
        yield conn


@contextmanager
def connection(url: str, *, application_name: str, patience: Patience | None = None) -> Iterator[Connection]:
    """A pinned, autocommitting connection as the URL's login; closed afterwards.

    Raises BadArgument for a URL of a transaction pooler, SourceUnreadable when an unannounced pooler is met.
    """
    if Session.at(url, role=None, application_name=application_name).pooler == "transaction":
        raise BadArgument(
            "the source's URL names a transaction pooler, which keeps no session settings",
            hint="give the address of the server itself",
        )
    conn = login(url, application_name=application_name)
    try:
        pin(conn, patience or Patience())
        yield conn
    finally:
        conn.close()


def login(url: str, *, application_name: str) -> Connection:
    """A connection as the URL's login. Raises what `connect` does; the embedded server is no remedy for somebody's old one."""
    try:
        return connect(url, role=None, application_name=application_name)
    except ServerTooOld as error:
        raise ServerTooOld(
            error.message, hint="upgrade it, or restore its dump into a newer server and name that one"
        ) from error


def pin(conn: psycopg.Connection[tuple[object, ...]], patience: Patience) -> None:
    """Set what PINNED and `patience` say, and see that the session is the server's own."""
    configure(conn, {**PINNED, **patience.settings()})
    row = conn.execute("select pg_backend_pid()").fetchone()
    if row is not None and row[0] != conn.info.backend_pid:
        raise SourceUnreadable(
            "a pooler stands before the server and may lose the session's settings",
            hint="give the address of the server itself",
        )


def configure(conn: psycopg.Connection[Any], settings: Mapping[str, str]) -> None:
    """Set these for the session."""
    conn.execute(SET, for_session(settings))


def for_session(settings: Mapping[str, str]) -> list[object]:
    """The parameters of SET."""
    return [False, [*settings], [*settings.values()]]


def for_transaction(settings: Mapping[str, str]) -> list[object]:
    """The parameters of SET, for as long as the transaction lasts."""
    return [True, [*settings], [*settings.values()]]
