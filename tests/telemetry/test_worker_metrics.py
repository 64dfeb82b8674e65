"""Metrics of a worker: what it does, as Prometheus reads it."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import ONCE, Mainstem, RunFailed, Worker, sleep, step, workflow
from mainstem.engine.measured import WorkerMetrics
from typed import PROGRAM, Terminal

pytestmark = ON_ONE_SERVER
COMMAND = Path(sys.executable).with_name("mainstem")


@step(retry=ONCE)
async def read(page: int) -> int:
    if page == 3:
        raise ValueError("torn")
    return page


@workflow("reading")
async def reading(page: int) -> int:
    await sleep(0.01)
    return await read(page)


def said(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, f"no {name} in {text}"
    return float(found[1])


async def test_runs_and_attempts_are_counted_by_what_became_of_them(ms: Mainstem) -> None:
    measured = WorkerMetrics(slots=7)
    async with Worker(ms, [reading], observers=[measured]):
        for page in (1, 2):
            await (await ms.start(reading, page)).result()
        with pytest.raises(RunFailed):
            await (await ms.start(reading, 3)).result()
    text = generate_latest(measured.registry).decode()
    assert said(text, 'mainstem_worker_runs_total{status="completed",workflow="reading"}') == 2
    assert said(text, 'mainstem_worker_runs_total{status="failed",workflow="reading"}') == 1
    assert said(text, 'mainstem_worker_runs_total{status="left",workflow="reading"}') == 3  # each slept
    assert said(text, 'mainstem_worker_step_duration_seconds_count{outcome="completed",step="read"}') == 2
    assert said(text, 'mainstem_worker_step_duration_seconds_count{outcome="failed",step="read"}') == 1
    assert said(text, "mainstem_worker_slots") == 7
    assert said(text, "mainstem_worker_runs_conducting") == 0


async def test_a_worker_of_the_command_line_serves_them(database: Database, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    typed = [str(COMMAND), "--url", database.url, "worker", "app", "--metrics", str(port)]
    worker = subprocess.Popen(typed, cwd=tmp_path, stderr=subprocess.PIPE)  # noqa: ASYNC220
    try:
        await until(lambda: database.value("select count(*) from mainstem.user_workflow"))
        words = ("run", "greeting", "--input", '{"name": "ann"}', "--wait")
        await asyncio.to_thread(Terminal(database.url).lines, *words)
        counted = 'mainstem_worker_runs_total{status="completed",workflow="greeting"}'
        await until(lambda: counted in scraped(port))
        assert said(scraped(port), counted) == 1
    finally:
        worker.terminate()
        _, errors = worker.communicate(timeout=30)
    assert worker.returncode == 0, errors


def scraped(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
