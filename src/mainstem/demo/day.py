"""A day at the intake desk: the documents arrive, workers run, a supervisor answers, and one worker is killed half-way.

What happened is read from the ledger with SQL afterwards; here it only happens.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from mainstem import Mainstem
from mainstem.demo.eligibility import ADDRESS, EligibilityServer
from mainstem.demo.executions import EXECUTIONS, Execution, executions
from mainstem.demo.intake import claim_intake
from mainstem.demo.mailroom import ORGANIZATIONS, Delivery, deliveries
from mainstem.demo.manifest import Entry, Result, manifest
from mainstem.ledger.call import Call, Row, nothing
from mainstem.ledger.link import Link

WORKERS = 2
SLOTS = 8
LEASE = 2.0
"""Seconds: short, so that the killed worker's runs go on soon. The default is 15."""

PATIENCE = 90.0
"""Seconds until the demo gives up waiting for the day's end."""


@dataclass(frozen=True, slots=True)
class Kill:
    """What the kill interrupted, as the ledger had it a moment later."""

    pid: int
    worker_id: UUID
    owned: dict[UUID, int]
    """Runs that the dead worker held, with the epoch of its claim."""
    in_flight: list[Execution]
    """Steps that had begun to execute and have no ending in the ledger."""


@dataclass(slots=True)
class Day:
    """The demo while it runs: what a progress bar shows, and what the end is told by."""

    arrived: list[Delivery]
    run_ids: dict[UUID, str] = field(default_factory=dict)
    over: int = 0
    kill: Kill | None = None
    taken_over: list[UUID] = field(default_factory=list)
    executed: list[Execution] = field(default_factory=list)

    @property
    def executed_again(self) -> int:
        """Attempts whose code ran more than once: begun on the killed worker, and again on the next."""
        return sum(count - 1 for count in Counter(self.executed).values())


async def live(url: str, tell: Callable[[Day], None]) -> Day:
    """Let the day pass; `tell` is called whenever something has moved on. The database at `url` has the schema."""
    day = Day(deliveries())
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(Link(url, role="mainstem_worker", name="mainstem demo"))
        for name, org_id in ORGANIZATIONS.items():
            await ledger(_organization(manifest().organizations[name].name, org_id))
        noted = stack.enter_context(_environment())
        clients = {
            org: await stack.enter_async_context(Mainstem(url, org_id=org)) for org in ORGANIZATIONS.values()
        }
        workers = [await stack.enter_async_context(_worker(url)) for _ in range(WORKERS)]
        started = asyncio.create_task(_deliver(day, clients))
        async with asyncio.timeout(PATIENCE):
            while not started.done() or day.over < len(day.run_ids):
                await _look(day, ledger, clients)
                if day.kill is None and day.over >= len(day.arrived) // 3:
                    day.kill = await _kill(workers[0], ledger, noted)
                tell(day)
                await asyncio.sleep(0.1)
        await started
        day.executed = executions(noted)
        day.taken_over = await ledger(_taken_over(day.kill)) if day.kill else []
    return day


async def results(url: str) -> list[Result]:
    """What came out, for the manifest: one of each run in the ledger, whether the day began it or not."""
    async with Link(url, role="mainstem_worker", name="mainstem demo") as ledger:
        return await ledger(_results(list(ORGANIZATIONS.values())))


async def _deliver(day: Day, clients: dict[UUID, Mainstem]) -> None:
    for delivery in day.arrived:
        run = await clients[delivery.org_id].start(
            claim_intake,
            delivery.document,
            channel=delivery.channel,
            external_id=delivery.external_id,
            idempotency_key=delivery.idempotency_key,
        )
        day.run_ids.setdefault(run.run_id, delivery.external_id)


async def _look(day: Day, ledger: Link, clients: dict[UUID, Mainstem]) -> None:
    """See what is over, and let the supervisor answer what waits for a word."""
    day.over = await ledger(_over(list(ORGANIZATIONS.values())))
    for run_id, org_id, external_id in await ledger(_asking()):
        verdict = _entry(external_id).expected.verdict
        if verdict is not None:  # who has none keeps silent, and the wait ends by its deadline
            await clients[org_id].signal(run_id, "supervisor", verdict)


def _entry(external_id: str) -> Entry:
    return next(entry for entry in manifest().documents if entry.external_id == external_id)


@contextmanager
def _environment() -> Iterator[Path]:
    """The eligibility service, and the file of executions, where the workers will find them."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mainstem-demo-")))
        service = stack.enter_context(EligibilityServer())
        noted = place / "executions"
        noted.touch()
        told = {ADDRESS: service.url, EXECUTIONS: str(noted)}
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        stack.callback(_restore, before)
        yield noted


def _restore(before: dict[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@asynccontextmanager
async def _worker(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own, stopped at the end if it still lives."""
    command = ("worker", "mainstem.demo.intake", "--slots", str(SLOTS), "--ttl", str(LEASE))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from mainstem.cli.main import main; main()", "--url", url, *command,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _kill(process: asyncio.subprocess.Process, ledger: Link, noted: Path) -> Kill:
    """End it with kill -9, at a moment when the worker is at work; then see what it held."""
    while True:
        owned = await ledger(_owned_by(process.pid))
        if len(owned) >= SLOTS // 2:
            break
        await asyncio.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    [worker_id] = {worker for worker, _run, _epoch in await ledger(_owned_by(process.pid))} or {UUID(int=0)}
    held = {run: epoch for _worker, run, epoch in await ledger(_owned_by(process.pid))}
    begun = [execution for execution in executions(noted) if execution.run_id in held]
    ended = await ledger(_ended_steps(list(held)))
    in_flight = [one for one in begun if (one.run_id, one.step_number) not in ended]
    return Kill(process.pid, worker_id, held, list(dict.fromkeys(in_flight)))


def _organization(name: str, org_id: UUID) -> Call[None]:
    return Call(
        "select mainstem.create_organization(%s, %s) where not exists"
        " (select from mainstem.organization where org_id = %s)",
        [name, org_id, org_id],
        nothing,
    )


def _over(org_ids: list[UUID]) -> Call[int]:
    return Call(
        "select count(*) as over from mainstem.user_workflow_run where org_id = any(%s) and ended_at is not null",
        [org_ids],
        lambda rows: rows[0]["over"],
    )


def _asking() -> Call[list[tuple[UUID, UUID, str]]]:
    """Runs that wait for the supervisor and have no word of his yet."""
    return Call(
        "select q.run_id, q.org_id, r.external_id from mainstem.user_workflow_run_queue q"
        " join mainstem.user_workflow_run r on r.run_id = q.run_id"
        " where q.state = 'waiting' and 'supervisor' = any(q.waiting_for) and q.signals = 0",
        [],
        lambda rows: [(row["run_id"], row["org_id"], row["external_id"]) for row in rows],
    )


def _owned_by(pid: int) -> Call[list[tuple[UUID, UUID, int]]]:
    return Call(
        "select q.worker_id, q.run_id, q.epoch from mainstem.user_workflow_run_queue q"
        " join mainstem.user_workflow_worker w on w.worker_id = q.worker_id where w.pid = %s and q.state = 'owned'",
        [pid],
        lambda rows: [(row["worker_id"], row["run_id"], row["epoch"]) for row in rows],
    )


def _ended_steps(run_ids: list[UUID]) -> Call[set[tuple[UUID, int]]]:
    return Call(
        "select run_id, step_number from mainstem.user_workflow_run_step"
        " where run_id = any(%s) and ended_at is not null",
        [run_ids],
        lambda rows: {(row["run_id"], row["step_number"]) for row in rows},
    )


def _taken_over(kill: Kill) -> Call[list[UUID]]:
    """Runs of the dead worker that ended under a later claim."""
    return Call(
        "select run_id, (metadata ->> 'epoch')::integer as epoch from mainstem.user_workflow_run where run_id = any(%s)",
        [list(kill.owned)],
        lambda rows: [row["run_id"] for row in rows if row["epoch"] > kill.owned[row["run_id"]]],
    )


def _results(org_ids: list[UUID]) -> Call[list[Result]]:
    return Call(
        "select r.external_id, r.status, r.output_data, r.error_details ->> 'type' || ': ' || r.error_message as error,"
        " (select f.error_details ->> 'type' from mainstem.user_workflow_run_step f"
        "   where f.run_id = r.run_id and f.status = 'failed' order by f.step_number desc limit 1) as cause"
        " from mainstem.user_workflow_run r where r.org_id = any(%s)",
        [org_ids],
        lambda rows: [_result(row) for row in rows],
    )


def _result(row: Row) -> Result:
    error: Any = " ".join(filter(None, (row["cause"], row["error"])))
    return Result.of_run(row["external_id"], row["status"], row["output_data"], error)
