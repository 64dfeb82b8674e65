"""Kills with a witness: workers and PostgreSQL are killed with kill -9 at random, and afterwards the witness and the ledger agree.

python tests/kills/thirty.py --kills 500
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from witnessed import witnessed  # noqa: E402

from mainstem import Mainstem  # noqa: E402
from mainstem.errors import Unreachable  # noqa: E402
from mainstem.ledger.install import upgrade  # noqa: E402
from mainstem.postgres import EmbeddedServer  # noqa: E402
from servers import embedded_server  # noqa: E402
from witness import FOLDER, begun, told  # noqa: E402

WORKERS = 2
SLOTS = 25
LEASE = 2.0
IN_FLIGHT = 10
"""Steps that a kill must meet, or it shows nothing."""
MOST_OPEN = 80
"""Runs that are open at once."""


@dataclass
class Tally:
    """What the kills met, and what was found afterwards."""

    kills: dict[str, int] = field(default_factory=lambda: {"worker": 0, "postgres": 0})
    least_in_flight: int = 10**9
    runs: int = 0
    steps: int = 0
    acknowledged: int = 0
    resumed: int = 0
    """Runs that were taken for poison, as three kills in a row met them within one step."""
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills['worker']} workers and {self.kills['postgres']} times PostgreSQL killed, at least {self.least_in_flight} steps "
            f"in flight each time; {self.runs} runs, {self.steps} steps recorded, {self.acknowledged} acknowledged, {self.resumed} resumed; "
            f"faults: {len(self.faults)}"
        )


class Weather:
    """A server, workers, a client that starts runs, and somebody who kills."""

    def __init__(self, server: EmbeddedServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.tally = Tally()
        self.workers: list[subprocess.Popen[bytes]] = []
        self.run_ids: list[UUID] = []

    async def pass_over(self, kills: int) -> Tally:
        """So many kills; then until every run has ended; then the comparison."""
        self.workers = [self._worker() for _ in range(WORKERS)]
        async with Mainstem(self.server.url) as ms:
            self.ms = ms
            for n in range(kills):
                await self._kill_something(n)
            self._revive()
            await self._until(self._has_ended_all, 180, "every run ends")
        self._compare()
        return self.tally

    def _has_ended_all(self) -> bool:
        """What is paused as poison somebody looks at, finds nothing wrong with, and lets go on."""
        with psycopg.connect(self.server.url) as conn:
            paused = conn.execute(
                "select mainstem.resume_workflow_run(run_id) from mainstem.user_workflow_run,"
                " set_config('app.current_org_id', org_id::text, true) where status = 'paused'"
            )
            self.tally.resumed += paused.rowcount
        return self._count("ended_at is null") == 0

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()

    async def _kill_something(self, n: int) -> None:
        victim = "postgres" if n % 4 == 3 else "worker"
        worker, in_flight = await self._worth_a_kill(victim)
        self.tally.least_in_flight = min(self.tally.least_in_flight, in_flight)
        self.tally.kills[victim] += 1
        if victim == "postgres":
            self.server.kill()
            self.server.ensure_running()
        else:
            worker.send_signal(signal.SIGKILL)
            worker.wait()

    async def _worth_a_kill(self, victim: str) -> tuple[subprocess.Popen[bytes], int]:
        """A worker, and the steps in flight there, or anywhere when PostgreSQL is the victim: enough of them."""
        while True:
            self._revive()
            worker = random.choice(self.workers)
            pid = worker.pid if victim == "worker" else None
            await self._until_in_flight(worker, pid)
            await asyncio.sleep(random.uniform(0, 0.1))  # at any moment, not only when it was looked at
            if worker.poll() is None and (in_flight := self._in_flight(pid)) >= IN_FLIGHT:
                return worker, in_flight

    def _revive(self) -> None:
        """As a supervisor does: a new process for each that was killed, or found no server when it started."""
        self.workers = [self._worker() if worker.poll() is not None else worker for worker in self.workers]

    async def _until_in_flight(self, worker: subprocess.Popen[bytes], pid: int | None) -> None:
        """Or until the worker is gone: one that began before PostgreSQL was back found none, and ended."""
        deadline = time.monotonic() + 60
        while self._in_flight(pid) < IN_FLIGHT + 2 and worker.poll() is None:
            assert time.monotonic() < deadline, f"never enough steps in flight to kill:\n{self._state()}"
            await self._start_some()
            await asyncio.sleep(0.05)

    async def _start_some(self) -> None:
        missing = MOST_OPEN - self._count("ended_at is null")
        for _ in range(min(20, max(0, missing))):
            self.run_ids.append(await self._start(f"run {len(self.run_ids)}"))

    async def _start(self, name: str) -> UUID:
        """As a careful client does: with a key, so that asking again after a lost answer starts nothing twice."""
        while True:
            try:
                return (await self.ms.start(witnessed, name, idempotency_key=name)).run_id
            except Unreachable:
                await asyncio.sleep(0.05)

    def _in_flight(self, pid: int | None) -> int:
        """Steps that began to execute, there or anywhere, and have no ending in the ledger."""
        ended = {
            (row[0], row[1])
            for row in self._rows(
                "select run_id, step_number from mainstem.user_workflow_run_step where ended_at is not null"
            )
        }
        return len(begun(self.folder, pid) - ended)

    def _compare(self) -> None:
        faults, tally = self.tally.faults, self.tally
        recorded = {
            (row[0], row[1]): row[2]
            for row in self._rows(
                "select run_id, step_number, output_data ->> 2 from mainstem.user_workflow_run_step where status = 'completed'"
            )
        }
        acknowledged = told(self.folder)
        tally.steps, tally.acknowledged = len(recorded), len(acknowledged)
        tally.runs = self._count("true")
        faults += disagreements(recorded, acknowledged)
        faults += [f"run {run} {status}: {error}" for run, status, error in self._rows(
            "select run_id, status, error_message from mainstem.user_workflow_run where status <> 'completed'")]  # fmt: skip
        faults += [f"step {key} {count} times in run {run}" for run, key, count in self._rows(
            "select run_id, node_key || iteration, count(*) from mainstem.user_workflow_run_step group by 1, 2 having count(*) > 1")]  # fmt: skip
        faults += [f"run {run} has {count} steps" for run, count in self._rows(
            "select run_id, count(*) from mainstem.user_workflow_run_step group by 1 having count(*) <> 10")]  # fmt: skip
        faults += [f"run {run} was acknowledged and is not there" for run in set(self.run_ids) - {
            row[0] for row in self._rows("select run_id from mainstem.user_workflow_run")}]  # fmt: skip
        faults += [
            f"queue row of {run[0]} left behind"
            for run in self._rows("select run_id from mainstem.user_workflow_run_queue")
        ]

    def _state(self) -> str:
        """What somebody who looks for the reason wants to see."""
        queue = self._rows(
            "select state, worker_id, count(*) from mainstem.user_workflow_run_queue group by 1, 2"
        )
        workers = self._rows(
            "select worker_id, pid, clock_timestamp() - heartbeat_at, reaped_at from mainstem.user_workflow_worker"
        )
        said = (self.folder / "stderr").read_text()[-4000:]
        return "\n".join([str(self.tally), *map(str, queue), *map(str, workers), said])

    def _count(self, condition: str) -> int:
        return int(self._rows(f"select count(*) from mainstem.user_workflow_run where {condition}")[0][0])

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.url) as conn:
            return conn.execute(query.encode()).fetchall()

    def _worker(self) -> subprocess.Popen[bytes]:
        command = (
            sys.executable,
            "-c",
            "from mainstem.cli.main import main; main()",
            "--url",
            self.server.url,
        )
        with (self.folder / "stderr").open("ab") as stderr:
            return subprocess.Popen(
                [*command, "worker", "witnessed", "--slots", str(SLOTS), "--ttl", str(LEASE)],
                cwd=HERE,
                env={**os.environ, FOLDER: str(self.folder), "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    async def _until(self, true: Any, seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}:\n{self._state()}"
            await asyncio.sleep(0.1)


def disagreements(recorded: dict[tuple[UUID, int], str], acknowledged: Any) -> list[str]:
    """Where the witness and the ledger differ: an acknowledged step that is missing, or has another value."""
    return [
        f"{one.run_id} step {one.step_number} was acknowledged as {one.value}, the ledger has {recorded.get((one.run_id, one.step_number))}"
        for one in acknowledged
        if recorded.get((one.run_id, one.step_number)) != one.value
    ]


@contextmanager
def weather() -> Iterator[Weather]:
    """A server of its own with the schema; everything ended and gone afterwards."""
    with embedded_server({"max_connections": "200"}) as server, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(server.url, autocommit=True) as conn:
            upgrade(conn)
        made = Weather(server, Path(folder))
        try:
            yield made
        finally:
            made.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    kills = parser.parse_args().kills
    with weather() as bad:
        tally = asyncio.run(bad.pass_over(kills))
    print(tally)
    print("\n".join(tally.faults[:50]))
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
