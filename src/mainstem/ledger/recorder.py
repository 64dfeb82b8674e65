"""The recorder: a process's one way of writing what its runs have done.

Whatever is ready goes in one fenced call (mainstem._flush_v1), and the next goes when that one has committed: no timer,
so one waiting writer costs one commit and a thousand cost a few. A writer goes on when its record is durable.

Each flush has a number, and the ledger keeps a receipt of it: when the answer is lost on the way, the same flush is
sent again and recorded once.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, AsyncCursor

from mainstem.errors import LeaseLost, MainstemError, UnstorableValue
from mainstem.ledger.call import known_error, unbroken
from mainstem.ledger.records import (
    COMPOSITES,
    OIDS_SQL,
    EndingRecord,
    EventRecord,
    Record,
    StartRecord,
    StepRecord,
    WaitRecord,
    packed_array,
    register,
)

log = logging.getLogger(__name__)

MOST_ENTRIES = 128
"""Entries of one flush. Above it, one half's answers are worked on here while the server works on the other half."""

MOST_BYTES = 8 * 2**20
"""Bytes of one flush, about; a larger entry goes alone."""

BUSY_AGAIN = 0.02
"""Seconds until an ending or a wait is sent again whose run somebody else has locked."""

CLOSING_PATIENCE = 10.0
"""Seconds that closing waits for a server that does not answer; what is not acknowledged then is another's to repeat."""

_RECONNECT_AFTER = (0.0, 0.05, 0.2, 0.5, 1.0)

FLUSH = (
    "select run_id, step_number, answer, payload from mainstem._flush_v1("
    "%s, %s, %s, %b::mainstem._start_record[], %b::mainstem._step_record[], %b::mainstem._step_record[],"
    " %b::mainstem._event_record[], %b::mainstem._wait_record[], %b::mainstem._ending_record[])"
)


class Answer(NamedTuple):
    """What the ledger said of one entry: `recorded`, or one of _flush_v1's answers."""

    kind: str
    run_id: UUID
    step_number: int | None
    payload: Any


@dataclass(slots=True)
class Entry:
    """Records that belong together, and who waits for them."""

    records: Sequence[Record]
    done: asyncio.Future[list[Answer]]
    column: int
    """Which array of the flush: 0 starts, 1 steps, 2 closings, 3 events, 4 waits, 5 endings."""

    @property
    def run_id(self) -> UUID:
        return self.records[0].run_id

    @property
    def size(self) -> int:
        return sum([record.size for record in self.records])


STARTS, STEPS, CLOSINGS, EVENTS, WAITS, ENDINGS = range(6)
START_ANSWERS = ("started", "existing", "conflict", "no workflow", "no channel", "no user", "held")
_TYPES: tuple[type[Record], ...] = (
    StartRecord,
    StepRecord,
    StepRecord,
    EventRecord,
    WaitRecord,
    EndingRecord,
)


@dataclass(slots=True)
class Batch:
    """The entries of one flush."""

    entries: list[Entry] = field(default_factory=list)

    def parameters(self, oids: dict[str, int]) -> list[Any]:
        now = time.monotonic_ns()
        columns: list[list[Record]] = [[] for _ in _TYPES]
        for entry in self.entries:
            columns[entry.column] += entry.records
        return [
            packed_array(oids, kind.composite_type, records, now)
            for kind, records in zip(_TYPES, columns, strict=True)
        ]

    def halves(self) -> tuple[Batch, Batch]:
        middle = len(self.entries) // 2
        return Batch(self.entries[:middle]), Batch(self.entries[middle:])

    def fail(self, error: MainstemError | psycopg.Error) -> None:
        for entry in self.entries:
            if not entry.done.done():
                entry.done.set_exception(error)


class Recorder:
    """Group commit for one incarnation of a worker. Use it in one event loop: `async with Recorder(...) as recorder`.

    connect: opens an autocommit connection in the role mainstem_worker. enter: registers the incarnation on it, again
    after each reconnect, so that the ledger knows which backend is the recorder's.
    """

    def __init__(
        self,
        worker_id: UUID,
        connect: Callable[[], Awaitable[AsyncConnection[Any]]],
        enter: Callable[[AsyncConnection[Any]], Awaitable[None]],
    ) -> None:
        self.worker_id = worker_id
        self.is_fenced = False
        self._connect = connect
        self._enter = enter
        self._waiting: deque[Entry] = deque()
        self._something = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._flush_number = 0
        self._batch = Batch()
        self._oids: dict[str, int] = {}
        self._conn: AsyncConnection[Any]
        self._cursor: AsyncCursor[Any]
        self._task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        await self._open()
        self._task = asyncio.create_task(self._flush_for_ever(), name="mainstem recorder")
        self._task.add_done_callback(self._stopped)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for what is under way to be durable, a while, then close."""
        if not self._task.done():
            idle = asyncio.create_task(self._is_idle.wait())
            await asyncio.wait(
                (idle, self._task), timeout=CLOSING_PATIENCE, return_when=asyncio.FIRST_COMPLETED
            )
            idle.cancel()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._conn.close()

    def put(self, column: int, *records: Record) -> asyncio.Future[list[Answer]]:
        """Have records written with the next flush; the future is done when they are durable.

        It gives the answers that are no plain `recorded`, and raises LeaseLost when another worker owns the run, or
        when this one was reaped. Records that were put in one call are written in one transaction.
        """
        done = asyncio.get_running_loop().create_future()
        if self.is_fenced:
            done.set_exception(_reaped(self.worker_id))
        else:
            self._enqueue(Entry(records, done, column))
        return done

    def _enqueue(self, entry: Entry) -> None:
        self._waiting.append(entry)
        self._is_idle.clear()
        self._something.set()

    async def _flush_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                self._something.clear()
                self._is_idle.set()
                await self._something.wait()
            batch = self._batch = self._take()
            rows = await self._write(batch)
            # called when the next flush is on its way: the server works while the answers are worked on here
            loop.call_soon(self._acknowledge, batch, rows)

    def _take(self) -> Batch:
        batch = Batch()
        size = 0
        changed: set[tuple[UUID, int]] = set()
        while self._waiting and len(batch.entries) < MOST_ENTRIES:
            entry = self._waiting[0]
            size += entry.size
            is_again = entry.column == CLOSINGS and _changes_again(entry, changed)
            if is_again or (batch.entries and size > MOST_BYTES):
                break
            batch.entries.append(self._waiting.popleft())
        return batch

    async def _write(self, batch: Batch) -> list[Answer]:
        """Write a batch, for as long as it takes. A record that the server refuses fails alone."""
        self._flush_number += 1
        again = False
        while True:
            try:
                return await self._send(batch, again=again)
            except (psycopg.Error, UnicodeError, struct.error) as error:
                if not self._is_passing(error):
                    return await self._write_apart(batch, error)
                log.warning("flush %s is sent again: %s", self._flush_number, error)
                again = True
                await self._reopen()

    async def _send(self, batch: Batch, *, again: bool) -> list[Answer]:
        parameters = [self.worker_id, self._flush_number, again, *batch.parameters(self._oids)]
        await self._cursor.execute(FLUSH, parameters, prepare=True)
        rows = await self._cursor.fetchall()
        return [Answer(kind, run_id, number, payload) for run_id, number, kind, payload in rows]

    def _is_passing(self, error: Exception) -> bool:
        """Whether the same flush may go through later: a lost connection, a lock, a full disk; not a value refused."""
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return error.sqlstate is None or not error.sqlstate.startswith("54")
        return isinstance(error, psycopg.Error) and self._conn.closed

    async def _write_apart(self, batch: Batch, error: Exception) -> list[Answer]:
        if len(batch.entries) == 1:
            batch.fail(_refused(error))
            return []
        for half in batch.halves():
            self._acknowledge(
                half, await self._write(half)
            )  # by itself: answers name places within one flush
        batch.entries.clear()
        return []

    def _acknowledge(self, batch: Batch, rows: list[Answer]) -> None:
        said: dict[UUID | int, list[Answer]] = {}
        for row in rows:
            if row.kind == "fenced":
                self._fence(batch)
                return
            is_start = row.kind in START_ANSWERS and row.step_number is not None
            said.setdefault(row.step_number if is_start and row.step_number else row.run_id, []).append(row)
        place = 0  # a start's answer names its place in the array: its run id may be another's
        for entry in batch.entries:
            place += entry.column == STARTS
            if not entry.done.done():
                self._settle(entry, said.get(place if entry.column == STARTS else entry.run_id, ()))

    def _settle(self, entry: Entry, answers: Sequence[Answer]) -> None:
        if not answers:
            entry.done.set_result([])
            return
        kinds = {answer.kind for answer in answers}
        if "lost" in kinds:
            entry.done.set_exception(
                LeaseLost(f"another worker holds run {entry.run_id}", hint="its holder carries on")
            )
        elif "busy" in kinds and entry.column in (WAITS, ENDINGS):
            asyncio.get_running_loop().call_later(BUSY_AGAIN, self._enqueue, entry)
        else:
            entry.done.set_result(list(answers))

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """It writes nothing more, and whoever still waits is told."""
        self.is_fenced = True
        why = "it was closed" if task.cancelled() else task.exception()
        for batch in (self._batch, Batch(list(self._waiting))):
            batch.fail(LeaseLost(f"the recorder of worker {self.worker_id} writes no more: {why}"))
        self._waiting.clear()

    def _fence(self, batch: Batch) -> None:
        self.is_fenced = True
        batch.fail(_reaped(self.worker_id))
        Batch(list(self._waiting)).fail(_reaped(self.worker_id))
        self._waiting.clear()

    async def _open(self) -> None:
        self._conn = await self._connect()
        register(self._conn)
        self._cursor = self._conn.cursor(binary=True)
        with unbroken():  # a server that dies now is one that does not answer
            await self._enter(self._conn)
            found = await self._conn.execute(OIDS_SQL, [list(COMPOSITES)])
            self._oids = dict(await found.fetchall())

    async def _reopen(self) -> None:
        """Until a server answers: writers wait, nothing fails, and no more is held than they wait with."""
        attempt = 0
        while True:
            await asyncio.sleep(_RECONNECT_AFTER[min(attempt, len(_RECONNECT_AFTER) - 1)])
            attempt += 1
            if not self._conn.closed and not self._conn.broken:
                return
            try:
                await self._open()
            except (psycopg.Error, MainstemError) as error:
                log.warning("the recorder finds no server yet: %s", error)
            else:
                return


def _changes_again(entry: Entry, changed: set[tuple[UUID, int]]) -> bool:
    """Whether it changes a step that this flush changes already: one UPDATE would keep either of the two."""
    steps = {
        (record.run_id, record.step_number) for record in entry.records if isinstance(record, StepRecord)
    }
    again = not changed.isdisjoint(steps)
    changed |= steps
    return again


def _refused(error: Exception) -> MainstemError:
    if not isinstance(error, psycopg.Error):
        return UnstorableValue(f"the record cannot be sent: {error}")
    return known_error(error) or UnstorableValue(
        f"the ledger refused the record: {error.diag.message_primary or error}"
    )


def _reaped(worker_id: UUID) -> LeaseLost:
    return LeaseLost(
        f"worker {worker_id} was silent for longer than its lease, and its runs went to others",
        hint="stop what it runs; a new incarnation claims again",
    )
