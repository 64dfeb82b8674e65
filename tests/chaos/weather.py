"""Weather over workers of every kind of run: who is killed, stopped, cut off, slowed down, and given a wrong clock."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from asked_of import Callers
from checks import Heard, Ledger, faults
from clocks import VARIABLE as CLOCK
from mixed import ticking
from proxy import NAME, Proxy, proxy
from psycopg.conninfo import conninfo_to_dict
from working import NO_SERVER

from mainstem import Mainstem
from mainstem.ledger.call import perform
from mainstem.ledger.install import upgrade
from mainstem.ledger.queues import Limits, put_limits
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import EmbeddedServer, connect
from servers import embedded_server, open_directory
from witness import FOLDER, begun, told

HERE = Path(__file__).parent
LEASE = 2.0
CLOCKS = ("0 0", "5 0.05", "-1000 0")
"""Of the workers: right; hours off and a little fast; six weeks off."""
IN_FLIGHT = 5
"""Steps that a kill must meet, or it shows nothing."""
PATIENCE = 120.0
PAYMENTS = """
create table public.payment (run_id uuid not null, value text not null);
grant select, insert on public.payment to mainstem_worker
"""
UNDER_WAY = """
select w.name, r.status, q.state, count(*), min(r.run_id::text)
  from mainstem.user_workflow_run r join mainstem.user_workflow w using (org_id, workflow_id)
  left join mainstem.user_workflow_run_queue q using (run_id)
 where r.ended_at is null or r.status = 'failed' group by 1, 2, 3
"""
ALIVE = """
select worker_id, pid, clock_timestamp() - heartbeat_at, reaped_at from mainstem.user_workflow_worker where reaped_at is null
"""
OURS = "application_name like 'mainstem%' and datname = current_database()"


@dataclass
class Tally:
    """What came over them, and what was found afterwards."""

    seed: int
    events: Counter[str] = field(default_factory=Counter)
    least_in_flight: int = 10**9
    runs: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    acknowledged: int = 0
    reaped: int = 0
    resumed: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        weather = ", ".join(f"{count} times {name}" for name, count in sorted(self.events.items()))
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(self.runs.items()))
        return (
            f"seed {self.seed}: {weather}; at least {self.least_in_flight} steps in flight at each kill\n"
            f"{sum(self.runs.values())} runs ({kinds}), {self.steps} steps recorded, {self.acknowledged} acknowledged;"
            f" {self.reaped} workers fenced, {self.resumed} poisoned runs resumed; faults: {len(self.faults)}"
        )


class Weather:
    """A server behind a proxy, three workers with a clock each, callers, and whoever brings the weather."""

    def __init__(self, server: EmbeddedServer, folder: Path, through: Proxy, url: str, seed: int) -> None:
        self.server = server
        self.folder = folder
        self.proxy = through
        self.url = url
        self.tally = Tally(seed)
        self.chance = random.Random(seed)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.stopped: set[int] = set()
        self.killed: set[int] = set()
        self.heard = Heard()
        self.events: tuple[Callable[[], Awaitable[None]], ...] = (
            self.kill_a_worker, self.kill_postgres, self.stop_a_worker, self.cut_connections, self.kill_a_backend,
            self.end_backends, self.slow_the_network, self.hold_the_network, self.cancel_statements,
        )  # fmt: skip

    async def pass_over(self, *, events: int = 0, seconds: float = 0) -> Tally:
        """So many events, or so many seconds of them; then fair weather until every run has ended; then the checks."""
        ends = time.monotonic() + seconds
        async with self._lively() as callers:
            came = 0
            while came < events or time.monotonic() < ends:
                # each once in every round, in an order that the seed gives
                order = self.chance.sample(self.events, len(self.events))
                for event in order[: max(0, events - came) if not seconds else None]:
                    await self._until_it_is_worth_it()
                    await asyncio.sleep(
                        self.chance.uniform(0, 0.2)
                    )  # at any moment, not only when it was looked at
                    self.tally.events[event.__name__] += 1
                    await event()
                    came += 1
            callers.is_starting = False
            await callers.patiently(lambda: callers.ms.schedules.pause("ticks"))
            await self._until(self._is_all_over, "every run ends")
            self.tally.resumed = callers.resumed
        await self._dismiss()
        await self._look()
        return self.tally

    @asynccontextmanager
    async def _lively(self) -> AsyncIterator[Callers]:
        """Meanwhile workers work, callers call, and who died is replaced; what any of these tasks raises ends it."""
        self.workers = [self._worker(clock) for clock in CLOCKS]
        async with Mainstem(self.url) as ms:
            callers = Callers(ms, self.rows, self.tally.seed)
            self.heard = callers.heard
            tasks = [asyncio.create_task(one) for one in (callers.call_for_ever(), self._supervise())]
            self._tasks = tasks
            try:
                yield callers
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    # The weather.

    async def kill_a_worker(self) -> None:
        worker = await self._busy_worker()
        self.killed.add(worker.pid)
        worker.kill()

    async def kill_postgres(self) -> None:
        await self._until_it_is_worth_it()
        self._note_in_flight(await self._in_flight(None))
        await asyncio.to_thread(self.server.kill)
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        await asyncio.to_thread(self.server.ensure_running)

    async def kill_a_backend(self) -> None:
        """One killed by the kernel: PostgreSQL ends all others, and recovers."""
        query = f"select pid from pg_stat_activity where {OURS} order by random() limit 1"
        await self._until(lambda: self._is_there(query), "a backend to kill")
        with suppress(ProcessLookupError):
            for (pid,) in await self.rows(query):
                os.kill(pid, signal.SIGKILL)

    async def end_backends(self) -> None:
        await self.rows(
            f"select pg_terminate_backend(pid) from pg_stat_activity where {OURS} and random() < 0.5"
        )

    async def cancel_statements(self) -> None:
        for _ in range(20):
            await self.rows(
                f"select pg_cancel_backend(pid) from pg_stat_activity where {OURS} and pid <> pg_backend_pid()"
            )

    async def cut_connections(self) -> None:
        self.proxy.cut()

    async def slow_the_network(self) -> None:
        self.proxy.delay = self.chance.uniform(0.01, 0.05)
        await asyncio.sleep(0.7)
        self.proxy.delay = 0

    async def hold_the_network(self) -> None:
        """For less than a lease, or for more: then everybody is fenced who comes late."""
        self.proxy.stop()
        await asyncio.sleep(LEASE * self.chance.choice((0.3, 1.3)))
        self.proxy.flow()

    async def stop_a_worker(self) -> None:
        """Past its lease, until others have its runs; then it wakes, and is told."""
        worker = await self._busy_worker()
        self.stopped.add(worker.pid)
        worker.send_signal(signal.SIGSTOP)
        reaped = (
            f"select pid from mainstem.user_workflow_worker where pid = {worker.pid} and reaped_at is null"
        )
        try:
            await self._until(lambda: self._is_empty(reaped), "a worker that stands still is reaped")
        finally:
            worker.send_signal(signal.SIGCONT)
            self.stopped.discard(worker.pid)

    # Whoever is under it.

    async def _until_it_is_worth_it(self) -> None:
        async def is_it() -> bool:
            return await self._in_flight(None) >= IN_FLIGHT

        await self._until(is_it, "enough steps in flight")

    async def _busy_worker(self) -> subprocess.Popen[bytes]:
        found: list[subprocess.Popen[bytes]] = []

        async def look() -> bool:
            for worker in self.chance.sample(self.workers, len(self.workers)):
                if worker.poll() is None and (many := await self._in_flight(worker.pid)) >= IN_FLIGHT:
                    self._note_in_flight(many)
                    found.append(worker)
                    return True
            return False

        await self._until(look, "a worker has enough steps in flight")
        return found[0]

    def _note_in_flight(self, many: int) -> None:
        self.tally.least_in_flight = min(self.tally.least_in_flight, many)

    async def _in_flight(self, pid: int | None) -> int:
        """Steps that began to execute, there or anywhere, have no ending in the ledger, and whose run somebody owns."""
        started = await asyncio.to_thread(begun, self.folder, pid)
        owned = {
            row[0]
            for row in await self.rows(
                "select run_id from mainstem.user_workflow_run_queue where state = 'owned'"
            )
        }
        candidates = {one for one in started if one[0] in owned}
        ended = await self.rows(
            "select s.run_id, s.step_number from mainstem.user_workflow_run_step s where s.ended_at is not null"
            " and s.run_id in (select run_id from mainstem.user_workflow_run_queue where state = 'owned')"
        )
        return len(candidates - set(ended))

    async def _supervise(self) -> None:
        """As a supervisor does: a new process for each that was killed, or found no server when it began."""
        while True:
            for place, worker in enumerate(self.workers):
                if worker.poll() is not None:
                    if worker.returncode not in (-signal.SIGKILL, NO_SERVER):
                        self.tally.faults.append(
                            f"a worker ended by itself with {worker.returncode}: {self._said()}"
                        )
                    self.workers[place] = self._worker(CLOCKS[place])
            await asyncio.sleep(0.1)

    def _worker(self, clock: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, FOLDER: str(self.folder), CLOCK: clock}
        environment["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])
        with (self.folder / "stderr").open("ab") as stderr:
            return subprocess.Popen(
                [sys.executable, str(HERE / "working.py"), self.url, str(LEASE)],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    async def _dismiss(self) -> None:
        """They leave as they are asked to, and own nothing then."""
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            code = await asyncio.to_thread(worker.wait, PATIENCE)
            if code not in (0, NO_SERVER, -signal.SIGTERM):
                self.tally.faults.append(f"a worker left with {code}: {self._said()}")

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()

    # What is there.

    async def _is_all_over(self) -> bool:
        return await self._is_empty(
            "select 1 from mainstem.user_workflow_run r join mainstem.user_workflow w using (org_id, workflow_id)"
            " where r.ended_at is null and not (w.name = 'lasting' and r.status = 'waiting' and r.parent_step_id is null)"
        )

    async def _is_there(self, query: str) -> bool:
        return bool(await self.rows(query))

    async def _is_empty(self, query: str) -> bool:
        return not await self.rows(query)

    async def _look(self) -> None:
        tally = self.tally
        self.heard.told = await asyncio.to_thread(told, self.folder)
        tally.acknowledged = len(self.heard.told) + len(self.heard.signals) + len(self.heard.answers)
        tally.runs.update(dict(await self.rows(
            "select w.name, count(*) from mainstem.user_workflow_run r join mainstem.user_workflow w using (org_id, workflow_id) group by 1")))  # fmt: skip
        [(tally.steps,)] = await self.rows(
            "select count(*) from mainstem.user_workflow_run_step where ended_at is not null"
        )
        [(tally.reaped,)] = await self.rows(
            "select count(*) from mainstem.user_workflow_worker where reaped_at > heartbeat_at + ttl"
        )
        with self.ledger() as ledger:
            tally.faults += faults(ledger)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with psycopg.connect(self.server.url, autocommit=True) as conn:
            conn.execute("select set_config('app.current_org_id', %s, false)", [str(DEFAULT_ORG)])
            yield Ledger(conn, self.heard)

    async def rows(self, query: str) -> list[Any]:
        """Asked until the server answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await asyncio.to_thread(self._rows, query)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)

    def _rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.server.url, autocommit=True) as conn:
            return conn.execute(query.encode()).fetchall()

    async def _until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await holds():
            for task in self._tasks:
                if task.done():
                    task.result()
            assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}\n{await self._state()}"
            await asyncio.sleep(0.05)

    async def _state(self) -> str:
        """What somebody who looks for the reason wants to see."""
        shown = [str(self.tally)]
        for query in (UNDER_WAY, ALIVE):
            shown += map(str, await self.rows(query))
        return "\n".join([*shown, self._said()])

    def _said(self) -> str:
        return (self.folder / "stderr").read_text()[-2500:]


@contextmanager
def weather(seed: int) -> Iterator[Weather]:
    """A server of its own with the schema, behind a proxy; everything ended and gone afterwards."""
    with (
        embedded_server({"max_connections": "200"}) as server,
        tempfile.TemporaryDirectory() as folder,
        open_directory() as front,
    ):
        with psycopg.connect(server.url, autocommit=True) as conn:
            upgrade(conn)
            conn.execute(PAYMENTS)
        with connect(server.url, role="mainstem_app", application_name="test") as conn:
            perform(conn, put_limits("limited", Limits(per_key_running=1, rate_count=20, rate_per=timedelta(seconds=1))), org_id=DEFAULT_ORG)  # fmt: skip
        socket = Path(str(conninfo_to_dict(server.url)["host"])) / NAME
        with proxy(socket, front) as through:
            url = f"postgresql://postgres@/postgres?host={front}"
            made = Weather(server, Path(folder), through, url, seed)
            try:
                yield made
            finally:
                made.stop()


__all__ = ["IN_FLIGHT", "Tally", "Weather", "ticking", "weather"]
