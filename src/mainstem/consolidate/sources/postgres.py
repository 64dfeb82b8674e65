"""Connections to somebody's PostgreSQL: pinned, so that a value reads the same on every one; patient within limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from mainstem.errors import BadArgument, SourceUnreadable
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
"""What decides how a value is written as text, and what a name means."""

_SET = """
select set_config(name, setting, false) from unnest(%(names)s::text[], %(settings)s::text[]) as t (name, setting)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a session waits or works before the server ends it, in seconds."""

    lock: float = 0.3
    statement: float = 30
    idle_in_transaction: float = 30

    def settings(self) -> dict[str, str]:
        return {
            "lock_timeout": _milliseconds(self.lock),
            "statement_timeout": _milliseconds(self.statement),
            "idle_in_transaction_session_timeout": _milliseconds(self.idle_in_transaction),
        }


@contextmanager
def reading(
    url: str, *, application_name: str = "mainstem inspect", patience: Patience | None = None
) -> Iterator[Connection]:
    """A pinned connection that cannot write. Each statement is a transaction of its own: no snapshot is held."""
    with ExitStack() as undo:
        conn = undo.enter_context(connection(url, application_name=application_name, patience=patience))
        conn.execute("set default_transaction_read_only = on")
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
    conn = connect(url, role=None, application_name=application_name)
    try:
        pin(conn, patience or Patience())
        yield conn
    finally:
        conn.close()


def pin(conn: psycopg.Connection[tuple[object, ...]], patience: Patience) -> None:
    """Set what PINNED and `patience` say, and see that the session is the server's own."""
    chosen = {**PINNED, **patience.settings()}
    conn.execute(_SET, {"names": [*chosen], "settings": [*chosen.values()]})
    row = conn.execute("select pg_backend_pid()").fetchone()
    if row is not None and row[0] != conn.info.backend_pid:
        raise SourceUnreadable(
            "a pooler stands before the server and may lose the session's settings",
            hint="give the address of the server itself",
        )


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
