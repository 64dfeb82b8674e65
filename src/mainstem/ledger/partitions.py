"""Partitions: made four weeks ahead, sealed when they are past, dropped when they are retired.

Every connection here is an autocommitting one, in the role mainstem_owner and straight to the server: CONCURRENTLY refuses
to be in a transaction. Whatever is interrupted, the next call carries on: each step first looks at what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any, Literal, LiteralString

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from mainstem.errors import UpgradeBlocked
from mainstem.ledger.call import perform
from mainstem.ledger.leaves import (
    EVENT,
    LOCK_TIMEOUT,
    RUN,
    STEP,
    Leaf,
    briefly,
    leaves,
    months_missing,
    patiently,
    scalar,
)
from mainstem.ledger.maintenance import leaves_ahead
from mainstem.ledger.sealing import seal

__all__ = ["Leaf", "Task", "alone", "drop", "drop_retired", "leaves", "make_ahead", "seal", "tasks"]

PARENTS = (EVENT, STEP, RUN)
"""In the order in which their leaves go: sealed steps refer to their runs."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that is due."""

    verb: Literal["make", "seal", "drop"]
    leaf: str
    """Its suffix; of one that is yet to be made, the month."""
    do: Callable[[Connection[Any]], object]


def tasks(conn: Connection[Any]) -> list[Task]:
    """What is due now, in the order in which it is done."""
    found = leaves(conn)
    return [
        *(Task("make", f"{month.astimezone(UTC):%Y-%m}", make_ahead) for month in months_missing(conn)),
        *(Task("seal", leaf.suffix, partial(seal, leaf=leaf)) for leaf in found if leaf.due == "seal"),
        *(Task("drop", leaf.suffix, partial(drop, leaf=leaf)) for leaf in found if leaf.due == "drop"),
    ]


@contextmanager
def alone(conn: Connection[Any]) -> Iterator[None]:
    """Meanwhile nobody else works at the partitions. Raises UpgradeBlocked when somebody does.

    conn: one beside that of the work, as it stays in a transaction. It has no snapshot, so nothing waits for it.
    """
    with conn.transaction():
        if not scalar(conn, "select pg_try_advisory_xact_lock(hashtext('mainstem.partitions'))"):
            raise UpgradeBlocked(
                "somebody else works at the partitions", hint="run it again when they are done"
            )
        yield


def make_ahead(conn: Connection[Any]) -> None:
    """See that runs of the next four weeks have a leaf."""
    perform(conn, leaves_ahead())


def drop_retired(conn: Connection[Any]) -> list[Leaf]:
    """Drop the leaves that cleanup retired; which of them are gone. Raises UpgradeBlocked."""
    return [leaf for leaf in leaves(conn) if leaf.due == "drop" and drop(conn, leaf)]


def drop(conn: Connection[Any], leaf: Leaf) -> bool:
    """Detach and drop a retired leaf. False when it stays, retired no longer: a run in it lives, or is too young.

    One table after the other, each on its own: together they would deadlock with who reads two of them.
    Raises UpgradeBlocked when somebody holds it for long.
    """
    _finish_pending(conn)
    if not _may_go(conn, leaf):
        return _keep(conn, leaf)
    for parent in PARENTS:
        patiently(partial(_detach, conn, parent, leaf))
    if not _may_go(conn, leaf):  # a run in it was retried while it waited for readers; now nobody reaches it
        return _keep(conn, leaf)
    for parent in PARENTS:
        patiently(partial(briefly, conn, SQL("drop table if exists {}").format(leaf.table(parent))))
    conn.execute("delete from mainstem.user_workflow_leaf where lower = %s", [leaf.lower])
    return True


def _may_go(conn: Connection[Any], leaf: Leaf) -> bool:
    """Whether no run in it lives or is too young. Where a table is gone already, that was found before."""
    for parent in PARENTS:
        if scalar(conn, "select to_regclass(%s) is null", leaf.name(parent)):
            return True
    return bool(scalar(conn, SQL(_NOTHING_NEEDED).format(leaf.table(RUN))))


def _keep(conn: Connection[Any], leaf: Leaf) -> bool:
    for parent in reversed(PARENTS):
        if _is_pending(conn, parent, leaf) is None:
            patiently(partial(_attach, conn, parent, leaf))
    conn.execute("update mainstem.user_workflow_leaf set retired_at = null where lower = %s", [leaf.lower])
    return False


def _attach(conn: Connection[Any], parent: str, leaf: Leaf) -> None:
    """DETACH CONCURRENTLY left a CHECK of the bounds, so nothing is read."""
    bounds = [str(scalar(conn, "select mainstem.first_id_at(%s)", at)) for at in (leaf.lower, leaf.upper)]
    form = SQL("alter table {} attach partition {} for values from ({}) to ({})")
    briefly(conn, form.format(Identifier("mainstem", parent), leaf.table(parent), *bounds))


def _detach(conn: Connection[Any], parent: str, leaf: Leaf) -> None:
    """CONCURRENTLY shuts out nobody while it waits for readers; cut short, it stays pending, and FINALIZE ends it."""
    if (pending := _is_pending(conn, parent, leaf)) is not None:
        _detach_table(conn, parent, leaf.table(parent), "finalize" if pending else "concurrently")


def _detach_table(conn: Connection[Any], parent: str, table: Identifier, how: LiteralString) -> None:
    form = SQL("alter table {} detach partition {} " + how)
    conn.execute(
        SQL("set lock_timeout = {}").format(LOCK_TIMEOUT)
    )  # of the session, as there is no transaction
    try:
        conn.execute(form.format(Identifier("mainstem", parent), table))
    finally:
        if not conn.broken:
            conn.execute("reset lock_timeout")


def _finish_pending(conn: Connection[Any]) -> None:
    """A table has one pending partition at most: while it has one, no other can be detached."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        for parent, leaf in cursor.execute(_PENDING, [list(PARENTS)]).fetchall():
            patiently(partial(_detach_table, conn, parent, Identifier("mainstem", leaf), "finalize"))


def _is_pending(conn: Connection[Any], parent: str, leaf: Leaf) -> bool | None:
    """Whether its detaching has begun; None when it is no partition of this table."""
    found: bool | None = scalar(
        conn,
        "select inhdetachpending from pg_inherits where inhrelid = to_regclass(%s) and inhparent = to_regclass(%s)",
        leaf.name(parent),
        f"mainstem.{parent}",
    )
    return found


_PENDING: LiteralString = """
select parent.relname, leaf.relname
  from pg_inherits i join pg_class parent on parent.oid = i.inhparent join pg_class leaf on leaf.oid = i.inhrelid
 where i.inhdetachpending and parent.relnamespace = 'mainstem'::regnamespace and parent.relname = any (%s)
"""

_NOTHING_NEEDED: LiteralString = """
select not exists (
  select from {} r join mainstem.organization o on o.org_id = r.org_id
   where r.ended_at is null or o.retention_days is null
      or r.ended_at >= mainstem.clock() - make_interval(days => o.retention_days))
"""
