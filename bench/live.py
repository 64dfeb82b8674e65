"""The live feed under load: subscribers of all runs of a tenant, steps that a recorder completes, and the delay between.

    python bench/live.py --seconds 10          # 500 subscribers, 500 steps a second

The server is a process of its own. Every subscriber takes every frame; one in fifty is read frame by frame, and of
each step the time from the recorder's acknowledgement to its frame is taken. Negative where the frame was quicker.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from database import bench_server, ledger_database
from loop import run
from machine import machine
from mainstem.flow.values import dumped
from mainstem.ids import new_run_id
from mainstem.ledger import queue, runs
from mainstem.ledger.call import aperform, perform
from mainstem.ledger.recorder import STARTS, STEPS, Recorder
from mainstem.ledger.records import StartRecord, StepRecord
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import aconnect, connect
from meter import percentile
from work import VALUE

READ = 50
"""Of so many subscribers one is read frame by frame."""

MOVING = 50
"""Runs that take their steps in turn."""

WARM_UP = 1.0


@dataclass
class Delays:
    """When steps were acknowledged, and when their frames came."""

    acknowledged: dict[tuple[str, int], float] = field(default_factory=dict)
    came: list[tuple[str, int, float]] = field(default_factory=list)
    taken: int = 0

    def seconds(self, since: float) -> list[float]:
        return [
            at - self.acknowledged[run_id, number]
            for run_id, number, at in self.came
            if self.acknowledged.get((run_id, number), 0) > since
        ]


@dataclass(frozen=True)
class Trial:
    """What came of one load."""

    subscribers: int
    steps: int
    seconds: float
    delays: list[float]
    resident: tuple[int, int]
    """Bytes of the server before the first subscriber, and the most that was seen."""
    taken: int

    def __str__(self) -> str:
        p50, p99 = (percentile(self.delays, share) for share in (50, 99))
        before, most = (size / 2**20 for size in self.resident)
        return (
            f"{self.subscribers} subscribers, {self.steps / self.seconds:.0f} steps/s, {self.seconds:.0f} s:"
            f" delay p50 {p50:.0f} ms, p99 {p99:.0f} ms, of {len(self.delays)};"
            f" server {before:.0f} MiB, at most {most:.0f} MiB; {self.taken / self.seconds / 2**20:.0f} MiB/s sent"
        )


async def trial(url: str, *, subscribers: int = 500, rate: int = 500, seconds: float = 10) -> Trial:
    """One load on a database with the ledger in it."""
    with connect(url, role="mainstem_app", application_name="bench") as conn:
        workflow_id = perform(conn, runs.register_workflow("bench", None), org_id=DEFAULT_ORG)
    delays = Delays()
    async with _serving(url) as (port, pid), _recording(url) as recorder:
        before = _resident(pid)
        ready: list[asyncio.Event] = [asyncio.Event() for _ in range(subscribers)]
        clients = [
            asyncio.create_task(_subscribe(port, delays, opened, is_read=place % READ == 0))
            for place, opened in enumerate(ready)
        ]
        await asyncio.gather(*(opened.wait() for opened in ready))
        run_ids = [new_run_id() for _ in range(MOVING)]
        await asyncio.gather(
            *(
                recorder.put(STARTS, StartRecord(one, DEFAULT_ORG, workflow_id, "web", b"{}"))
                for one in run_ids
            )
        )
        began = time.perf_counter()
        most = asyncio.create_task(_most_resident(pid))
        done = await _complete(recorder, run_ids, delays, rate=rate, until=began + WARM_UP + seconds)
        took = time.perf_counter() - began
        await asyncio.sleep(1.5)
        most.cancel()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        resident = await asyncio.gather(most, return_exceptions=True)
        peak = max(_resident(pid), *(size for size in resident if isinstance(size, int)), 0)
    return Trial(subscribers, done, took, delays.seconds(began + WARM_UP), (before, peak), delays.taken)


async def _complete(
    recorder: Recorder, run_ids: list[UUID], delays: Delays, *, rate: int, until: float
) -> int:
    """Steps at an even rate, each run's in turn; none waits for the one before."""
    done, tasks, began = 0, set[asyncio.Task[None]](), time.perf_counter()
    while (now := time.perf_counter()) < until:
        while done < (now - began) * rate:
            run_id, number = run_ids[done % len(run_ids)], done // len(run_ids) + 1
            task = asyncio.create_task(_step(recorder, run_id, number, delays))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            done += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    return done


async def _step(recorder: Recorder, run_id: UUID, number: int, delays: Delays) -> None:
    record = StepRecord(run_id, 1, number, number, b"noop", time.monotonic_ns())
    record.input_data = record.output_data = dumped(VALUE, "value")
    record.status, record.ended_ns = b"completed", time.monotonic_ns()
    await recorder.put(STEPS, record)
    delays.acknowledged[str(run_id), number] = time.perf_counter()


async def _subscribe(port: int, delays: Delays, opened: asyncio.Event, *, is_read: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: bench\r\n\r\n")
    try:
        await reader.readuntil(b": open")
        opened.set()
        while True:
            piece = await (reader.readline() if is_read else reader.read(2**18))
            delays.taken += len(piece)
            if is_read and piece.startswith(b"data: "):
                now, frame = time.perf_counter(), json.loads(piece[6:])
                delays.came += [
                    (frame["run_id"], step["step_number"], now) for step in frame.get("steps", ())
                ]
    finally:
        writer.close()


@asynccontextmanager
async def _recording(url: str) -> AsyncIterator[Recorder]:
    worker_id = uuid4()

    async def open_connection() -> AsyncConnection[Any]:
        return await aconnect(url, role="mainstem_worker", application_name="bench recorder")

    async def enter(conn: AsyncConnection[Any]) -> None:
        call = queue.register_worker(worker_id, host="bench", pid=os.getpid(), capabilities={}, ttl=600)
        await aperform(conn, call)

    async with Recorder(worker_id, open_connection, enter) as recorder:
        yield recorder


@asynccontextmanager
async def _serving(url: str) -> AsyncIterator[tuple[int, int]]:
    """A server in a process of its own: its port and its process."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        words = [sys.executable, __file__, "--serve", url, "--listener", str(listener.fileno())]
        process = subprocess.Popen(words, pass_fds=[listener.fileno()])  # noqa: ASYNC220  # once, before anything is timed
        try:
            port = listener.getsockname()[1]
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await asyncio.sleep(2)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(20)


def serve(url: str, listener: int) -> None:
    import uvicorn

    from mainstem.server import ServerConfig, create_app
    from mainstem.server.serve import Server

    app = create_app(ServerConfig(url=url, open_to_all=True, streams=10_000))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5)
    Server(config, app).run([socket.socket(fileno=listener)])


async def _most_resident(pid: int) -> int:
    most = 0
    try:
        while True:
            most = max(most, _resident(pid))
            await asyncio.sleep(0.2)
    except asyncio.CancelledError:
        return most


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--subscribers", type=int, default=500)
    given.add_argument("--rate", type=int, default=500, help="steps a second")
    given.add_argument("--seconds", type=float, default=10)
    given.add_argument("--serve", help=argparse.SUPPRESS)
    given.add_argument("--listener", type=int, help=argparse.SUPPRESS)
    chosen = given.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.listener)
        return 0
    print(machine())
    with bench_server() as server, ledger_database(server) as url:
        found = run(trial(url, subscribers=chosen.subscribers, rate=chosen.rate, seconds=chosen.seconds))
    print(found)
    return 0 if found.delays and percentile(found.delays, 99) <= 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
