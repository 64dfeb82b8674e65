"""Workers that stand still past their lease, in each state that a worker can be in: their runs go to others, and when
they go on they write nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from stopped import LEASE, STATES

from conditions import until
from conftest import Database
from mainstem import Mainstem, Terms, Worker, step, workflow
from mainstem.model import Run

HERE = Path(__file__).parent
TERMS = Terms(ttl=LEASE, poll=0.2)


@step
async def note() -> str:
    return "taken over"


@workflow("taken-over")
async def taken_over() -> list[str]:
    return [await note(), await note()]


@step
def slow_note() -> int:
    with Path(os.environ["MAINSTEM_NOTES"]).open("a") as notes:
        notes.write(f"{os.getpid()}\n")
    time.sleep(0.3)
    return os.getpid()


@workflow("slow-notes")
async def slow_notes(number: int) -> list[int]:
    return [await slow_note() for _ in range(number)]


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours; whatever it does, it is gone afterwards."""
    started = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE,
        env={**os.environ, **environment},
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("state", STATES)
async def test_a_worker_that_stands_still_is_fenced(ms: Mainstem, database: Database, state: str) -> None:
    workflow_id = await ms.register(taken_over)
    with process("stopped.py", database.url, str(workflow_id), state) as stopped:
        assert stopped.stdout is not None
        run_id = UUID((await asyncio.to_thread(stopped.stdout.readline)).strip())
        await until(lambda: is_stopped(stopped.pid))
        async with Worker(ms, [taken_over], TERMS):
            # twice the lease until a stuck backend is ended, and some for the looks in between
            assert await asyncio.wait_for(ms.result(run_id), 8 * LEASE) == ["stopped", "taken over"]
        before = snapshot(database)
        stopped.send_signal(signal.SIGCONT)
        write, *later = (await asyncio.to_thread(stopped.stdout.read)).split()
    assert write in ("fenced", "Unreachable", "OperationalError", "AdminShutdown", "TransactionTimeout")
    assert later == ["fenced"] * 6 + ["LeaseLost"] * 2
    assert snapshot(database) == before
    assert notes(await ms.get_run(run_id)) == ["stopped", "taken over"]


async def test_a_flush_that_was_under_way_counts_although_its_worker_never_heard_of_it(
    ms: Mainstem, database: Database
) -> None:
    """It waits for a lock while its worker is stopped, and commits before the lease ends: then it is recorded."""
    workflow_id = await ms.register(taken_over)
    with process("stopped.py", database.url, str(workflow_id), "between two flushes") as stopped:
        assert stopped.stdout is not None
        run_id = UUID((await asyncio.to_thread(stopped.stdout.readline)).strip())
        await until(lambda: is_stopped(stopped.pid))
        database.rows("update mainstem.user_workflow_worker set ttl = '3 seconds' returning 1")
        with database.connect(role=None).transaction() as held:
            held.connection.execute("lock table mainstem.user_workflow_run_step in exclusive mode")
            stopped.send_signal(signal.SIGCONT)
            await until(lambda: waits_for_a_lock(database))
            stopped.send_signal(signal.SIGSTOP)
            await until(lambda: is_stopped(stopped.pid))
        async with Worker(ms, [taken_over], TERMS):
            assert await asyncio.wait_for(ms.result(run_id), 15) == ["stopped", "stopped"]
        before = snapshot(database)
        stopped.send_signal(signal.SIGCONT)
        write, *later = (await asyncio.to_thread(stopped.stdout.read)).split()
    assert write == "written"
    assert later == ["fenced"] * 6 + ["LeaseLost"] * 2
    assert snapshot(database) == before


async def test_a_whole_worker_that_stands_still_loses_its_runs_and_begins_anew(
    ms: Mainstem, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTEM_NOTES", str(tmp_path / "notes"))
    runs = [await ms.start(slow_notes, 3) for _ in range(10)]
    command = "import asyncio, sys, test_stopped_workers as t; asyncio.run(t.work(sys.argv[1]))"
    with process("-c", command, database.url, PYTHONPATH=f"{HERE}:{HERE.parent}") as stopped:
        await until(lambda: executions(tmp_path).count(stopped.pid) >= 15)
        stopped.send_signal(signal.SIGSTOP)
        async with Worker(ms, [slow_notes], TERMS):
            for run in runs:
                await asyncio.wait_for(run.result(), 20)
        before = snapshot(database)
        by_both = {pid for run in runs for pid in notes(await ms.get_run(run.run_id))}
        assert by_both == {stopped.pid, os.getpid()}
        stopped.send_signal(signal.SIGCONT)
        more = await ms.start(slow_notes, 1)
        assert await asyncio.wait_for(more.result(), 15) == [stopped.pid]
        assert [row for row in snapshot(database) if str(more.run_id)[:-6] not in row] == before
        assert (
            database.value("select count(*) from mainstem.user_workflow_worker where reaped_at is null") == 1
        )
        stopped.send_signal(signal.SIGTERM)


async def work(url: str) -> None:
    """What the worker process does until it is told to leave."""
    leave = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
    async with Mainstem(url) as ms, Worker(ms, [slow_notes], TERMS):
        await leave.wait()


def executions(folder: Path) -> list[int]:
    path = folder / "notes"
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def notes(run: Run) -> list[Any]:
    return [step.output_data for step in run.steps]


def waits_for_a_lock(database: Database) -> bool:
    rows = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return bool(database.rows(rows))


def snapshot(database: Database) -> list[str]:
    """All that runs have left in the ledger, a line a row."""
    tables = ("user_workflow_run", "user_workflow_run_step", "user_workflow_event", "user_workflow_run_queue")
    return [
        row["line"]
        for table in tables
        for row in database.rows(f"select t::text as line from mainstem.{table} t order by 1")
    ]
