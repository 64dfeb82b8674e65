"""The migrator's connection: every setting that could change what a value looks like is pinned, and nothing waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from mainstem.consolidate.sources import patience
from mainstem.consolidate.sources.postgres import PINNED, Patience, configure
from mainstem.errors import BadArgument, CutoverBlocked, Unreachable
from mainstem.postgres import Session

T = TypeVar("T")
Connection = psycopg.Connection[Any]

PASSING = patience.PASSING
PATIENCE = Patience(lock=0.3, statement=None, idle_in_transaction=30)


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
        configure(conn, {**PINNED, **PATIENCE.settings(), "jit": "off"})
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


@contextmanager
def planned_once(conn: Connection) -> Iterator[None]:
    """Meanwhile a statement is planned when it is first met, and not again: what was met before the locks costs no plan under them."""
    conn.prepare_threshold, conn.prepared_max = 0, None
    conn.execute("set plan_cache_mode = force_generic_plan")
    try:
        yield
    finally:
        conn.prepare_threshold = None
        if conn.info.transaction_status is psycopg.pq.TransactionStatus.IDLE:
            conn.execute("reset plan_cache_mode")


def with_patience(work: Callable[[], T], *, seconds: float, what: str) -> T:
    """Do it again while a lock is held elsewhere, each time after a little longer. Raises CutoverBlocked after `seconds`."""

    def refused(why: str) -> CutoverBlocked:
        return CutoverBlocked(
            f"{what}: {why}", hint="Look for long transactions in pg_stat_activity; try again."
        )

    return patience.until_it_passes(work, seconds=seconds, refused=refused)
