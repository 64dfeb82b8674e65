"""Processes of their own: a worker that is told to stop, and a new project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conditions import one_server
from conftest import Database, Tenant
from typed import Terminal, write_program

__all__ = ["one_server"]

COMMAND = Path(sys.executable).with_name("mainstem")
PROGRAM = """
import asyncio
import os

from mainstem import step, workflow


@step
async def turn(number: int) -> int:
    await asyncio.sleep(0.05)
    return os.getpid()


@workflow("turning")
async def turning(turns: int) -> list[int]:
    return [await turn(number) for number in range(turns)]
"""
TURNS = 30


@contextmanager
def worker(database: Database, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Killed at the end, unless it has gone by itself."""
    environment = {**os.environ, "MAINSTEM_URL": database.url}
    words = [str(COMMAND), "worker", "turns", "--slots", "5"]
    process = subprocess.Popen(words, cwd=directory, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


LOOPED = """
import asyncio
{without}
from mainstem import step, workflow


@step
async def look() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@workflow("turning")
async def turning() -> str:
    return await look()
"""
"""Where it is absent: to `import` and `find_spec` alike."""
WITHOUT_UVLOOP = "import sys\n\nsys.modules['uvloop'] = None"


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def steps_recorded(database: Database) -> int:
    count: int = database.value(
        "select count(*) from mainstem.user_workflow_run_step where status = 'completed'"
    )
    return count


def test_a_worker_that_is_told_to_stop_drains_and_another_goes_on(database: Database, tmp_path: Path) -> None:
    (tmp_path / "turns.py").write_text(PROGRAM)
    terminal = Terminal(database.url)
    with worker(database, tmp_path) as first:
        assert first.stderr is not None
        assert "runs turning from default" in first.stderr.readline()
        run_ids = [
            terminal.lines("run", "turning", "--input", json.dumps({"turns": TURNS}))[0]["run_id"]
            for _ in range(3)
        ]
        wait_until(lambda: steps_recorded(database) > TURNS // 2)
        first.send_signal(signal.SIGTERM)
        assert first.wait(15) == 0
        assert "drains" in first.stderr.read()
    assert (
        database.rows("select state, worker_id from mainstem.user_workflow_run_queue where state <> 'ready'")
        == []
    )
    assert 0 < steps_recorded(database) < 3 * TURNS

    with worker(database, tmp_path) as second:
        runs = [terminal.lines("runs", "tail", run_id, "--every", "0.1")[-1] for run_id in run_ids]
        assert [run["status"] for run in runs] == ["completed"] * 3
        pids = set(
            database.value(
                "select array_agg(distinct output_data::integer) from mainstem.user_workflow_run_step"
            )
        )
        assert pids == {first.pid, second.pid}
    assert steps_recorded(database) == 3 * TURNS


@pytest.mark.parametrize(("without", "loop"), [("", "uvloop"), (WITHOUT_UVLOOP, "asyncio")], ids=["there", "absent"])  # fmt: skip
def test_a_workers_event_loop_is_uvloops_where_that_is_installed(
    database: Database, tmp_path: Path, without: str, loop: str
) -> None:
    pytest.importorskip("uvloop")
    (tmp_path / "turns.py").write_text(LOOPED.format(without=without))
    with worker(database, tmp_path) as process:
        assert process.stderr is not None
        assert "runs turning from default" in process.stderr.readline()
        assert Terminal(database.url).lines("run", "turning", "--wait")[-1]["result"] == loop


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_run_heres_event_loop_is_uvloops_where_that_is_installed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop: str
) -> None:
    pytest.importorskip("uvloop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    app = write_program(tmp_path, LOOPED.format(without=""))
    if loop == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)
    assert Terminal(database.url).lines("run", f"{app}:turning", "--here")[-1]["result"] == loop


def test_a_new_project_runs_and_is_not_overwritten(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(database.url)
    assert terminal.type("init", "shop").stdout == "shop/app.py\ntry: cd shop && python app.py\n"
    environment = {**os.environ, "MAINSTEM_URL": database.url}
    ran = subprocess.run(
        [sys.executable, "app.py"],
        cwd="shop",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout == "Hello, world!\n"
    assert [run["status"] for run in terminal.lines("runs", "list")] == ["completed"]
    before = Path("shop/app.py").read_text()
    assert terminal.error("init", "shop")[0] == 2
    assert Path("shop/app.py").read_text() == before


def test_tail_tells_each_state_of_every_run_once_until_it_is_interrupted(
    database: Database, tenant: Tenant
) -> None:
    terminal = Terminal(database.url)
    [before] = terminal.lines("run", "intake")
    terminal.lines("runs", "cancel", before["run_id"])
    words = [str(COMMAND), "--url", database.url, "--json", "runs", "tail", "--every", "0.05"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        wait_until(lambda: database.value(TAILING))
        for _ in range(2):
            [begun] = terminal.lines("run", "intake")
            pending = json.loads(tail.stdout.readline())
            terminal.lines("runs", "cancel", begun["run_id"])
            cancelled = json.loads(tail.stdout.readline())
            assert [(told["run_id"], told["status"]) for told in (pending, cancelled)] == [
                (begun["run_id"], "pending"),
                (begun["run_id"], "cancelled"),
            ]
        tail.send_signal(signal.SIGINT)
        assert tail.wait(15) == 130
        assert tail.stdout.read() == ""


TAILING = """
select count(*) from pg_stat_activity
 where datname = current_database() and application_name = 'mainstem tail' and state = 'idle' and query ilike 'commit'
"""
