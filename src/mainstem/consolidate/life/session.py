"""The migrator's connection: every setting that could change what a value looks like is pinned, and nothing waits for ever."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from mainstem.errors import BadArgument, CutoverBlocked, Unreachable
from mainstem.postgres import Session

T = TypeVar("T")
Connection = psycopg.Connection[Any]

PINNED = {
    "row_security": "off",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "pg_catalog",
    "lock_timeout": "300ms",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
}
"""row_security off: a filtered copy is an error, not a smaller copy."""

PASSING = (errors.LockNotAvailable, errors.SerializationFailure, errors.DeadlockDetected)


@contextmanager
def migrator(url: str, system: str) -> Iterator[Connection]:
    """Autocommit; the caller begins transactions. Raises Unreachable, BadArgument for a transaction pooler's URL."""
    session = Session.at(url, role=None, application_name=f"mainstem/{system}")
    if session.pooler == "transaction":
        raise BadArgument(
            "the URL names a transaction pooler, which keeps no session settings",
            hint="give the address of the server itself",
        )
    try:
        conn = psycopg.connect(
            session.conninfo, autocommit=True, application_name=f"mainstem/{system}", prepare_threshold=None
        )
    except psycopg.OperationalError as error:
        raise Unreachable(
            f"no connection: {error}", hint="Look at the URL, and whether the server runs."
        ) from error
    with conn:
        for name, value in PINNED.items():
            conn.execute("select set_config(%s, %s, false)", [name, value])
        yield conn


@contextmanager
def seeing_ours(conn: Connection) -> Iterator[None]:
    """Our own views read our tables as mainstem_owner, whose policy shows every row; with row_security off that is an error."""
    conn.execute("select set_config('row_security', 'on', false)")
    try:
        yield
    finally:
        if conn.info.transaction_status is not psycopg.pq.TransactionStatus.INERROR:
            conn.execute("select set_config('row_security', 'off', false)")


def with_patience(work: Callable[[], T], *, seconds: float, what: str) -> T:
    """Do it again while a lock is held elsewhere, each time after a little longer. Raises CutoverBlocked after `seconds`."""
    until, pause = time.monotonic() + seconds, 0.02
    while True:
        try:
            return work()
        except PASSING as error:
            if time.monotonic() > until:
                raise CutoverBlocked(
                    f"{what}: {error.diag.message_primary} for {seconds:g} s",
                    hint="Look for long transactions in pg_stat_activity; try again.",
                ) from error
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311  (jitter)
            pause = min(pause * 2, 1.0)
