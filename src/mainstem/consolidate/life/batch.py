"""A batch: roots brought to what they are in one snapshot, whether they are gone, changed or new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import errors

from mainstem.consolidate.compile import changes
from mainstem.consolidate.compile.statements import Apply, Put
from mainstem.consolidate.life.session import PASSING, Connection, seeing_ours

ATTEMPTS = 20


def again(work: Callable[[], list[Any]]) -> list[Any]:
    """A batch that met another transaction, or a row that its snapshot does not see, is begun anew in a newer one."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except (*PASSING, errors.UniqueViolation):
            continue
    return work()


_PLANNED = (
    "enable_hashjoin = off",
    "enable_mergejoin = off",
    "join_collapse_limit = 1",
)


def perform(conn: Connection, apply: Apply, roots: list[Any]) -> None:
    """Within a transaction: bring these roots to what they are in this snapshot: gone, changed, or new.

    From each old row to its ids, by their index: left to itself, the planner hashes whole tables for a few roots, as the id map
    grew from nothing and its statistics are late.
    """
    conn.execute("".join(f"set local {setting};" for setting in _PLANNED), prepare=False)
    conn.execute("select set_config(%s, %s, true)", [changes.COPYING, apply.source])
    _perform(conn, apply, roots)
    conn.execute(
        "".join(f"set local {setting.split()[0]} to default;" for setting in _PLANNED), prepare=False
    )


def _perform(conn: Connection, apply: Apply, roots: list[Any]) -> None:
    given = {"roots": [str(root) for root in roots]}
    known = [row[0] for row in conn.execute(apply.known_ids, given).fetchall()]
    for statement in apply.give_ids:
        conn.execute(statement, given)
    if apply.step_ids and _counted(conn, apply.step_ids.quick, given):
        for statement in apply.step_ids.rest:
            conn.execute(statement, given)
    make_leaves(conn, apply, roots)
    for statement in apply.take_out if known else []:
        conn.execute(statement, {"ids": known})
    for put in apply.put_in:
        _put(conn, put, given)
    for statement in apply.quarantine:
        conn.execute(statement, given)


def make_leaves(conn: Connection, apply: Apply, roots: list[Any]) -> None:
    """The partitions of these roots. Two transactions that each make the same one cannot both be in an older snapshot."""
    if apply.leaves:
        with seeing_ours(conn):  # a new leaf's foreign keys are looked at by their owner
            conn.execute(apply.leaves, {"roots": [str(root) for root in roots]})


def _put(conn: Connection, put: Put, given: dict[str, Any]) -> None:
    found = conn.execute(put.text, given)
    counts = found.fetchone() if put.after else ()
    for count, statement in zip(counts or (), put.after, strict=True):
        if count:
            conn.execute(statement, given)


def _counted(conn: Connection, text: str, given: dict[str, Any]) -> int:
    [count] = conn.execute(text, given).fetchone() or (0,)
    return int(count)
