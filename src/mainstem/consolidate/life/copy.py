"""Copy under live writers: triggers first, then batch after batch, then whatever was written meanwhile.

A batch is one transaction in one snapshot: ids, rows, quarantine, and the cursor. What old code changes is logged by its root's key, and
the whole root is folded anew: no image of a change is ever replayed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from mainstem.consolidate.compile import Program, changes
from mainstem.consolidate.compile.statements import Apply, Put
from mainstem.consolidate.compile.views import IDS
from mainstem.consolidate.life.indexes import make_indexes
from mainstem.consolidate.life.plan import PLAN, Plan, advance, fingerprint, holding, refuse_changed, renew
from mainstem.consolidate.life.session import PASSING, Connection, seeing_ours, with_patience

FEWEST, MOST, FIRST, CAUGHT = 20, 5000, 50, 200
TARGET = 0.5
"""Seconds that a batch should take. Nobody waits for it; what is under way when a copy is stopped is done again."""
NEARLY = 200
"""Roots that may be left in the log when a copy is called done."""


@dataclass
class Progress:
    """How far a copy is: told after each batch."""

    table: str
    done: int
    total: int
    began: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Roots a second."""
        return self.done / max(time.monotonic() - self.began, 1e-9)


Told = Callable[[Progress], None]
Throttle = Callable[[], float]
"""Seconds to wait before the next batch; 0 to go on."""


def copy(
    conn: Connection,
    program: Program,
    plan: Plan,
    *,
    told: Told = lambda _: None,
    throttle: Throttle = lambda: 0.0,
    with_indexes: bool = True,
    making: Callable[[str], object] = lambda _: None,
) -> dict[str, int]:
    """Expand when that was not done, copy from the cursor on, catch up. Gives table to roots copied by this call.

    with_indexes: make those that the old tables lack; `making` hears of each.
    Killed anywhere, it can be called again: what was committed is not done twice.
    """
    source = program.mapping.system
    with holding(conn, source, "planned", "expanded", "copied", "verified") as token:
        if with_indexes:
            make_indexes(conn, program, token, told=making)
        if plan.phase == "planned":
            expand(conn, program, token)
        refuse_changed(conn, program, plan)
        began = time.monotonic()
        copied = {
            root.table: _Copy(conn, program.apply(root), source, token).run(told, throttle)
            for root in program.whole.roots()
        }
        for text in program.indexes():
            conn.execute(text)
        conn.execute(f"analyze {IDS}")
        caught = catch_up(conn, program, token)
        with conn.transaction():
            advance(
                conn,
                source,
                token,
                "copied",
                seconds=round(time.monotonic() - began, 3),
                roots=copied,
                caught_up=caught,
            )
    return copied


def expand(conn: Connection, program: Program, token: UUID) -> None:
    """Views, mirrors, and the triggers that log: one old table a transaction, and before the first row is copied."""
    began = time.monotonic()
    conn.execute(program.views())
    held: dict[str, float] = {}
    for table, (trigger, existing) in program.mirrors().items():
        held[table] = _once(conn, trigger, f"the mirror of {table}")
        conn.execute(existing)
    for table, text in program.log_triggers().items():
        held[table] = _once(conn, text, f"the triggers of {table}")
    for table, text in changes.since_triggers(program.whole).items():
        _once(conn, text, f"the triggers of mainstem.{table}")
    with conn.transaction():
        for statement in program.orphans():
            conn.execute(statement)
        conn.execute(
            f"update {PLAN} set old_fingerprint = %s where source = %s",
            [fingerprint(conn, program), program.mapping.system],
        )
        seconds = round(time.monotonic() - began, 3)
        advance(conn, program.mapping.system, token, "expanded", seconds=seconds, held_ms=held)


def _once(conn: Connection, text: str, what: str) -> float:
    """In a transaction of its own; gives the milliseconds that its locks were asked for and held."""

    def attempt() -> float:
        began = time.monotonic()
        with conn.transaction():
            conn.execute(text)
        return round((time.monotonic() - began) * 1000, 1)

    return with_patience(attempt, seconds=30, what=what)


@dataclass
class _Copy:
    """One table of roots under way."""

    conn: Connection
    apply: Apply
    source: str
    token: UUID

    def run(self, told: Told, throttle: Throttle) -> int:
        """From the cursor to the end; what is inserted behind the cursor is in the log."""
        self._rest(throttle)
        after = self._cursor()
        [left] = self.conn.execute(self.apply.roots_left, {"after": after}).fetchone() or (0,)
        progress, size, looked_at = Progress(self.apply.table, 0, int(left)), FIRST, 0
        while True:
            began = time.monotonic()
            roots = _again(lambda: self._batch(after, size))  # noqa: B023  (called at once)
            if not roots:
                return progress.done
            after = roots[-1]
            took = time.monotonic() - began
            progress.done += len(roots)
            told(progress)
            if progress.done > 2 * looked_at:  # a table that was empty is still planned as if it were
                looked_at = progress.done
                self.conn.execute(f"analyze {IDS}")
            size = max(FEWEST, min(MOST, int(size * (1.3 if took < TARGET else 0.6))))
            self._rest(throttle)

    def _rest(self, throttle: Throttle) -> None:
        """As long as the throttle says so; the plan stays ours meanwhile."""
        while wait := throttle():
            time.sleep(wait)
            with self.conn.transaction():
                renew(self.conn, self.source, self.token)

    def _cursor(self) -> Any:
        row = self.conn.execute(
            f"select cursors -> %s from {PLAN} where source = %s", [self.apply.table, self.source]
        ).fetchone()
        return row[0] if row else None

    def _batch(self, after: Any, size: int) -> list[Any]:
        with self.conn.transaction():
            self.conn.execute("set transaction isolation level repeatable read")
            found = self.conn.execute(self.apply.next_roots, {"after": after, "limit": size}).fetchall()
            roots = [row[0] for row in found]
            if roots:
                perform(self.conn, self.apply, roots)
                moved = Jsonb({self.apply.table: _plain(roots[-1])})
                self.conn.execute(
                    f"update {PLAN} set cursors = cursors || %s where source = %s", [moved, self.source]
                )
                renew(self.conn, self.source, self.token)
        return roots


def _again(work: Callable[[], list[Any]]) -> list[Any]:
    """A batch that met another transaction is begun anew, in a newer snapshot."""
    for _ in range(20):
        try:
            return work()
        except PASSING:
            continue
    return work()


def _plain(key: Any) -> Any:
    return key if isinstance(key, int | str) else str(key)


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
    conn.execute("".join(f"set local {setting};" for setting in _PLANNED))
    conn.execute("select set_config(%s, %s, true)", [changes.COPYING, apply.source])
    _perform(conn, apply, roots)
    conn.execute("".join(f"set local {setting.split()[0]} to default;" for setting in _PLANNED))


def _perform(conn: Connection, apply: Apply, roots: list[Any]) -> None:
    given = {"roots": [str(root) for root in roots]}
    known = [row[0] for row in conn.execute(apply.known_ids, given).fetchall()]
    for statement in apply.give_ids:
        conn.execute(statement, given)
    if apply.step_ids and _counted(conn, apply.step_ids.quick, given):
        for statement in apply.step_ids.rest:
            conn.execute(statement, given)
    if apply.leaves:
        with seeing_ours(conn):  # a new leaf's foreign keys are looked at by their owner
            conn.execute(apply.leaves, given)
    for statement in apply.take_out if known else []:
        conn.execute(statement, {"ids": known})
    ids = [row[0] for row in conn.execute(apply.known_ids, given).fetchall()]
    for put in apply.put_in:
        _put(conn, put, {**given, "ids": ids})
    for statement in apply.quarantine:
        conn.execute(statement, given)


def _put(conn: Connection, put: Put, given: dict[str, Any]) -> None:
    if put.logs is None:
        conn.execute(put.text, given)
    elif _counted(conn, put.text, given):
        conn.execute(put.logs, given)


def _counted(conn: Connection, text: str, given: dict[str, Any]) -> int:
    row = conn.execute(text, given).fetchone()
    return int(row[0]) if row else 0


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
            _again(lambda: _catch_batch(conn, apply, source, token))  # noqa: B023  (called at once)
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
