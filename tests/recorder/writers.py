"""Writers for tests of the recorder: runs that one recorder owns, and steps that were written into them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from mainstem.ids import new_run_id
from mainstem.ledger import queue, runs
from mainstem.ledger.call import aperform
from mainstem.ledger.link import Link
from mainstem.ledger.recorder import ENDINGS, STARTS, STEPS, WAITS, Answer, Recorder
from mainstem.ledger.records import EndingRecord, StartRecord, StepRecord, WaitRecord
from mainstem.model import DEFAULT_ORG


@dataclass
class Writers:
    """A recorder, and what was acknowledged to whom."""

    recorder: Recorder
    workflow_id: UUID
    run_ids: list[UUID] = field(default_factory=list)
    acknowledged: list[tuple[UUID, int]] = field(default_factory=list)

    async def start(self, count: int) -> list[UUID]:
        """So many runs, owned from the start."""
        begun = [new_run_id() for _ in range(count)]
        records = [StartRecord(run_id, DEFAULT_ORG, self.workflow_id, "web", b"{}") for run_id in begun]
        answers = await asyncio.gather(*(self.recorder.put(STARTS, record) for record in records))
        assert [[answer.kind for answer in told] for told in answers] == [["started"]] * count
        self.run_ids += begun
        return begun

    async def write(self, run_id: UUID, number: int) -> None:
        """A step that has ended; noted when it is acknowledged."""
        now = time.monotonic_ns()
        value = str(number).encode()
        await self.recorder.put(
            STEPS,
            StepRecord(
                run_id, 1, number, number, b"work", now, b"completed", ended_ns=now, output_data=value
            ),
        )
        self.acknowledged.append((run_id, number))

    async def wait(self, run_id: UUID, number: int, signal: str) -> list[Answer]:
        """Wait for a signal, without suspending."""
        record = WaitRecord(run_id, 1, number, 1, "signal", f"wait:{signal}", signal=signal, suspend=False)
        return await self.recorder.put(WAITS, record)

    async def end(self, run_id: UUID) -> None:
        await self.recorder.put(ENDINGS, EndingRecord(run_id, 1, "completed", output_data=b'"done"'))


@asynccontextmanager
async def writers(url: str, *, through: str | None = None) -> AsyncIterator[Writers]:
    """Writers on the database at `url`; their recorder connects `through` another address, if given."""
    async with Link(url, role="mainstem_app", name="test", org_id=DEFAULT_ORG) as link:
        workflow_id = await link(runs.register_workflow("writing", None))
    worker_id = uuid4()

    async def enter(conn: Any) -> None:
        await aperform(conn, queue.register_worker(worker_id, host="test", pid=1, capabilities={}, ttl=600))

    async with (
        Link(through or url, role="mainstem_worker", name="test") as link,
        Recorder(worker_id, link.connection, enter) as recorder,
    ):
        yield Writers(recorder, workflow_id)
