"""Catch-up: roots that old code changed meanwhile are folded anew, whole: no image of a change is ever replayed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.statements import Apply
from mainstem.consolidate.life.batch import again, perform
from mainstem.consolidate.life.plan import renew
from mainstem.consolidate.life.session import Connection

CAUGHT = 200
"""Roots of a batch: somebody's change may wait for it."""
NEARLY = 200
"""Changes that may be left in the log when a copy is called done."""


def backlog(conn: Connection, source: str) -> int:
    """Changes in the log."""
    row = conn.execute(
        "select count(*) from mainstem_consolidation.dirty where source = %s", [source]
    ).fetchone()
    return int(row[0]) if row else 0


def catch_up(conn: Connection, program: Program, token: UUID | None = None, *, until: int = NEARLY) -> int:
    """Fold anew what was logged, until at most so many changes are left, or those only that came with the last batch.

    Gives the number of roots. It never waits for writers to pause: they need not.
    """
    source, done = program.mapping.system, 0
    while True:
        batches = [
            again(lambda: _catch_batch(conn, apply, source, token))  # noqa: B023  (called at once)
            for apply in map(program.apply, program.whole.roots())
        ]
        done += sum(map(len, batches))
        if all(len(roots) < CAUGHT for roots in batches) or backlog(conn, source) <= until:
            return done


def _catch_batch(conn: Connection, apply: Apply, source: str, token: UUID | None) -> list[Any]:
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        roots = drain(conn, apply, source, CAUGHT)
        if roots and token is not None:
            renew(conn, source, token)
    return roots


def drain(conn: Connection, apply: Apply, source: str, limit: int) -> list[Any]:
    """Within a transaction: take roots out of the log, everything of them that this snapshot sees, and fold them anew."""
    row = conn.execute(
        "with pick as (select distinct root from mainstem_consolidation.dirty where source = %s and old_table = %s limit %s),\n"
        "gone as (delete from mainstem_consolidation.dirty d using pick where d.source = %s and d.old_table = %s and d.root = pick.root returning d.root)\n"
        "select coalesce(array_agg(distinct root), '{}') from gone",
        [source, apply.table, limit, source, apply.table],
    ).fetchone()
    roots = list(row[0]) if row else []
    if roots:
        perform(conn, apply, roots)
    return roots
