"""Copy under live writers: triggers first, then batch after batch, then whatever was written meanwhile.

A batch is one transaction in one snapshot: ids, rows, quarantine. Several connections may work on batches of their own; the cursor
follows the oldest, so that what is committed beyond it is at worst done again. What old code changes is logged by its root's key.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Self
from uuid import UUID

from psycopg.types.json import Jsonb

from mainstem.consolidate.compile import Program, changes
from mainstem.consolidate.compile.statements import Apply
from mainstem.consolidate.compile.views import IDS
from mainstem.consolidate.life.batch import again, make_leaves, perform
from mainstem.consolidate.life.catch_up import catch_up
from mainstem.consolidate.life.indexes import make_indexes
from mainstem.consolidate.life.losses import counting_losses
from mainstem.consolidate.life.plan import (
    PLAN,
    Plan,
    advance,
    fingerprint,
    holding,
    look_again,
    refuse_changed,
    renew,
)
from mainstem.consolidate.life.session import Connection, with_patience

FEWEST, MOST, FIRST = 20, 5000, 50
TARGET = 0.5
"""Seconds that a batch should take. Nobody waits for it; what is under way when a copy is stopped is done again."""


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
    hands: Sequence[Connection] = (),
    told: Told = lambda _: None,
    throttle: Throttle = lambda: 0.0,
    with_indexes: bool = True,
    making: Callable[[str], object] = lambda _: None,
) -> dict[str, int]:
    """Expand when that was not done, copy from the cursor on, catch up. Gives table to roots copied by this call.

    `hands`: further migrators of the same database, each of which takes batches; without any, `conn` does all the work.
    with_indexes: make those that the old tables lack; `making` hears of each.
    Killed anywhere, it can be called again: what lies before the cursor is not done twice.
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
            root.table: _Copy(conn, program.apply(root), source, token, tuple(hands)).run(told, throttle)
            for root in program.whole.roots()
        }
        _make_ready(conn, program)
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
    conn.execute(counting_losses(program).encode())
    held: dict[str, float] = {}
    for table, (trigger, existing) in program.mirrors().items():
        held[table] = _once(conn, trigger, f"the mirror of {table}")
        conn.execute(existing)
    for table, text in program.log_triggers().items():
        held[table] = _once(conn, text, f"the triggers of {table}")
    with conn.transaction():
        for statement in program.orphans():
            conn.execute(statement)
        conn.execute(
            f"update {PLAN} set old_fingerprint = %s where source = %s",
            [fingerprint(conn, program), program.mapping.system],
        )
        seconds = round(time.monotonic() - began, 3)
        advance(conn, program.mapping.system, token, "expanded", seconds=seconds, held_ms=held)


def _make_ready(conn: Connection, program: Program) -> None:
    """What point reads go by, and the triggers on our tables, which act from the cut-over on: none of it slows the copy down."""
    for text in program.indexes():
        conn.execute(text)
    conn.execute(f"analyze {IDS}")
    for table, text in changes.since_triggers(program.whole).items():
        _once(conn, text, f"the triggers of mainstem.{table}")


def _once(conn: Connection, text: str, what: str) -> float:
    """In a transaction of its own; gives the milliseconds that its locks were asked for and held."""

    def attempt() -> float:
        began = time.monotonic()
        with conn.transaction():
            conn.execute(text)
        return round((time.monotonic() - began) * 1000, 1)

    return with_patience(attempt, seconds=30, what=what)


@dataclass(frozen=True)
class _Batch:
    """Roots that a hand was given; the future tells the seconds they took."""

    roots: list[Any]
    seconds: Future[float]


@dataclass
class _Copy:
    """One table of roots under way."""

    conn: Connection
    apply: Apply
    source: str
    token: UUID
    hands: tuple[Connection, ...]

    def run(self, told: Told, throttle: Throttle) -> int:
        """From the cursor to the end; what is inserted behind the cursor is in the log."""
        self._rest(throttle)
        after = self._cursor()
        [left] = self.conn.execute(self.apply.roots_left, {"after": after}).fetchone() or (0,)
        progress, size, looked_at = Progress(self.apply.table, 0, int(left)), FIRST, 0
        with _Hands(self.hands or (self.conn,), self.apply, self.token) as hands:
            while True:
                while hands.are_waiting and (roots := self._next(after, size)):
                    after = roots[-1]
                    make_leaves(self.conn, self.apply, roots)
                    hands.take(roots)
                if (batch := hands.oldest()) is None:
                    return progress.done
                took = batch.seconds.result()
                self._passed(batch.roots[-1])
                progress.done += len(batch.roots)
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

    def _next(self, after: Any, size: int) -> list[Any]:
        found = self.conn.execute(self.apply.next_roots, {"after": after, "limit": size})
        return [row[0] for row in found.fetchall()]

    def _passed(self, root: Any) -> None:
        """Everything up to this root is committed. Raises PhaseRefused when the plan is another's by now."""
        with self.conn.transaction():
            renew(self.conn, self.source, self.token)
            self.conn.execute(
                f"update {PLAN} set cursors = cursors || %s where source = %s",
                [Jsonb({self.apply.table: _plain(root)}), self.source],
            )


class _Hands:
    """Connections that each do one batch at a time; leaving it waits for those under way, and begins no other.

    A batch whose plan is taken over while it runs does no harm: what it writes is as old as its snapshot, and where the other process
    wrote since, both meet the same rows; it fails, and its next attempt sees whose the plan is.
    """

    def __init__(self, conns: Sequence[Connection], apply: Apply, token: UUID) -> None:
        self.apply, self.token = apply, token
        self.free: SimpleQueue[Connection] = SimpleQueue()
        for conn in conns:
            self.free.put(conn)
        self.most = len(conns) + 1 if len(conns) > 1 else 1  # one ready, so that no hand waits for the next
        self.under_way: deque[_Batch] = deque()
        self.pool = ThreadPoolExecutor(len(conns), thread_name_prefix="copy")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    @property
    def are_waiting(self) -> bool:
        return len(self.under_way) < self.most

    def take(self, roots: list[Any]) -> None:
        self.under_way.append(_Batch(roots, self.pool.submit(self._perform, roots)))

    def oldest(self) -> _Batch | None:
        return self.under_way.popleft() if self.under_way else None

    def _perform(self, roots: list[Any]) -> float:
        began = time.monotonic()
        conn = self.free.get()
        try:
            again(lambda: self._in_one_snapshot(conn, roots))
        finally:
            self.free.put(conn)
        return time.monotonic() - began

    def _in_one_snapshot(self, conn: Connection, roots: list[Any]) -> list[Any]:
        with conn.transaction():
            conn.execute("set transaction isolation level repeatable read")
            look_again(conn, self.apply.source, self.token)
            perform(conn, self.apply, roots)
        return roots


def _plain(key: Any) -> Any:
    return key if isinstance(key, int | str) else str(key)
