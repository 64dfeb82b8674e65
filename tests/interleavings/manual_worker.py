"""A worker moved by hand: each of its calls is one statement on its one connection, when the test says."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sessions import Session, sessions

from conftest import Database
from mainstem.ledger import queue
from mainstem.ledger.recorder import CLOSINGS, ENDINGS, EVENTS, FLUSH, STARTS, STEPS, WAITS, Batch, Entry
from mainstem.ledger.records import (
    COMPOSITES,
    OIDS_SQL,
    EndingRecord,
    EventRecord,
    Record,
    StartRecord,
    StepRecord,
    WaitRecord,
)
from mainstem.model import ClaimedRun, Request

Said = tuple[UUID | None, str]
"""Of which run, and what: one answer of a flush."""
_COLUMN: Mapping[type[Record], int] = {
    StartRecord: STARTS,
    StepRecord: STEPS,
    EventRecord: EVENTS,
    WaitRecord: WAITS,
    EndingRecord: ENDINGS,
}


@dataclass
class ManualWorker:
    """One incarnation. `session` is its only connection: what it leaves open in a transaction stays open."""

    session: Session
    oids: dict[str, int]
    worker_id: UUID = field(default_factory=uuid4)
    flushes: int = 0

    async def register(self, ttl: float = 15) -> None:
        await self.session.perform(
            queue.register_worker(self.worker_id, host="test", pid=1, capabilities={}, ttl=ttl)
        )

    async def claim(
        self,
        wanted: int = 10,
        bounds: Mapping[str, tuple[int, datetime]] | None = None,
        *,
        queues: Sequence[str] = ("default",),
    ) -> list[ClaimedRun]:
        return await self.session.perform(queue.claim(self.worker_id, list(queues), wanted, bounds or {}))

    async def heartbeat(self) -> list[Request]:
        return await self.session.perform(queue.heartbeat(self.worker_id))

    async def reap(self) -> tuple[int, int]:
        return await self.session.perform(queue.reap())

    async def flush(self, *records: Record, closings: Sequence[StepRecord] = ()) -> list[Said]:
        """One flush; what it said beyond plain `recorded`."""
        return [(row["run_id"], row["answer"]) for row in await self.answers(*records, closings=closings)]

    async def answers(self, *records: Record, closings: Sequence[StepRecord] = ()) -> list[dict[str, Any]]:
        self.flushes += 1
        entries = [
            *((_COLUMN[type(record)], record) for record in records),
            *((CLOSINGS, s) for s in closings),
        ]
        batch = Batch([Entry([record], None, column) for column, record in entries])  # type: ignore[arg-type]
        arrays = batch.parameters(self.oids)
        return await self.session.rows(FLUSH, self.worker_id, self.flushes, False, *arrays)


@asynccontextmanager
async def manual_workers(
    database: Database, count: int = 1, *, ttl: float = 15
) -> AsyncIterator[list[ManualWorker]]:
    """So many registered workers."""
    async with sessions(database, count, role="mainstem_worker") as connections:
        found = await connections[0].rows(OIDS_SQL, list(COMPOSITES))
        oids = {row["typname"]: row["oid"] for row in found}
        made = [ManualWorker(session, oids) for session in connections]
        for worker in made:
            await worker.register(ttl)
        yield made


def step(
    run: ClaimedRun, number: int, status: bytes = b"completed", *, output: bytes = b"null"
) -> StepRecord:
    """A step that took no time; one that is running has not ended."""
    now = time.monotonic_ns()
    return StepRecord(
        run.run_id, run.epoch, number, number, b"read", now,
        status=status, ended_ns=None if status == b"running" else now, output_data=output,
    )  # fmt: skip


def ending(run: ClaimedRun, status: str = "completed", *, error_message: str | None = None) -> EndingRecord:
    return EndingRecord(run.run_id, run.epoch, status, error_message=error_message)


def wait(run: ClaimedRun, signal: str, number: int = 1, *, seconds: float | None = None) -> WaitRecord:
    """The wait for a signal, of a run in which nothing else can go on."""
    timeout = None if seconds is None else round(seconds * 1e6)
    return WaitRecord(
        run.run_id,
        run.epoch,
        number,
        1,
        "signal",
        f"wait_for_signal:{signal}",
        signal=signal,
        timeout_us=timeout,
    )
