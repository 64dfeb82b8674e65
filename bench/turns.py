"""Turns: starts, claims and completions of runs in one ledger, each by itself and timed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from mainstem.flow.values import dumped
from mainstem.ids import new_run_id
from mainstem.ledger import queue, runs
from mainstem.ledger.call import aperform
from mainstem.ledger.link import Link
from mainstem.ledger.recorder import ENDINGS, Recorder
from mainstem.ledger.records import EndingRecord, StartRecord
from mainstem.model import DEFAULT_ORG, ClaimedRun
from mainstem.postgres import aconnect
from meter import Meter, Window
from work import VALUE

BATCH = 100
"""Runs that are started, and claimed, in one call."""

LOOKS_AT_ALL_EVERY = 1.0
"""Seconds between two claims without a lower bound, as a worker's."""

QUEUES = ["default"]
TURNS = ("starts", "claims", "completions")


@dataclass
class Ledger:
    """One that is worked on, through the calls of client and worker."""

    link: Link
    conn: AsyncConnection[Any]
    recorder: Recorder
    worker_id: UUID
    workflow_id: UUID
    _bounds: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    _looked_at_all: float = 0.0

    async def turn(self, meter: Meter, number: int) -> dict[str, Window]:
        """So many runs from start to end: a window of each part."""
        claimed: list[ClaimedRun] = []
        parts: Sequence[Callable[[], Awaitable[list[float]]]] = (
            lambda: self.start(number),
            lambda: self.claim(number, claimed),
            lambda: self.complete(claimed),
        )
        windows = {}
        for name, part in zip(TURNS, parts, strict=True):
            began = meter.read()
            windows[name] = meter.window(began, number, await part())
        return windows

    async def start(self, number: int) -> list[float]:
        """One call after the other; how long each took."""
        took = []
        for _ in range(number // BATCH):
            began = time.perf_counter()
            value = dumped({"value": VALUE}, "input")
            records = [
                StartRecord(new_run_id(), DEFAULT_ORG, self.workflow_id, "web", value) for _ in range(BATCH)
            ]
            await self.link(runs.start_runs(self.link.oids, records))
            took.append(time.perf_counter() - began)
        return took

    async def claim(self, number: int, claimed: list[ClaimedRun]) -> list[float]:
        """As an incarnation does it, with a lower bound that moves."""
        took = []
        while len(claimed) < number:
            began = time.perf_counter()
            if began - self._looked_at_all > LOOKS_AT_ALL_EVERY:
                self._bounds.clear()
            if not self._bounds:
                self._looked_at_all = began
            found = await aperform(self.conn, queue.claim(self.worker_id, QUEUES, BATCH, self._bounds))
            for run in found:
                self._bounds[run.queue] = (run.priority, run.due_at)
            if len(found) < BATCH:
                self._bounds.clear()
            claimed += found
            took.append(time.perf_counter() - began)
        return took

    async def complete(self, claimed: Sequence[ClaimedRun]) -> list[float]:
        """All at once, in as many flushes as the recorder needs."""
        began = time.perf_counter()
        took = []

        async def end(run: ClaimedRun) -> None:
            output = dumped(VALUE, "output")
            await self.recorder.put(ENDINGS, EndingRecord(run.run_id, run.epoch, "completed", output))
            took.append(time.perf_counter() - began)

        await asyncio.gather(*(end(run) for run in claimed))
        return took


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Ledger]:
    """With its connections; nobody else works on it."""
    worker_id = uuid4()

    async def connect() -> AsyncConnection[Any]:
        return await aconnect(url, role="mainstem_worker", application_name="bench worker")

    async def enter(conn: AsyncConnection[Any]) -> None:
        call = queue.register_worker(worker_id, host="bench", pid=os.getpid(), capabilities={}, ttl=7200)
        await aperform(conn, call)

    async with Link(url, role="mainstem_app", name="bench", org_id=DEFAULT_ORG) as link:
        workflow_id = await link(runs.register_workflow("bench", None))
        async with await connect() as conn, Recorder(worker_id, connect, enter) as recorder:
            yield Ledger(link, conn, recorder, worker_id, workflow_id)
