"""The console over a real server: `mainstem up`, workers as processes, clients that start runs, and somebody who looks."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from pages import page_of
from playwright.sync_api import Browser, Page

from conftest import Database
from listening import COMMAND, ended, started
from live_server import running as served
from mainstem import Mainstem, RunFailed
from typed import write_program

PROGRAM = """
import asyncio
import os
from pathlib import Path

from mainstem import ONCE, step, workflow


@step
async def read_letter(letter: str) -> dict[str, str]:
    with Path("readings").open("a") as readings:
        readings.write(f"{letter}\\n")
    return {"letter": letter}


@step
async def await_clerk(clerk: str) -> int:
    while not Path(clerk).exists():
        await asyncio.sleep(0.02)
    return os.getpid()


@step
async def send_answer(clerk: int) -> str:
    return f"signed by {clerk}"


@step(retry=ONCE)
async def file_claim(portal: str) -> str:
    if not Path(portal).exists():
        raise ConnectionError(f"the portal {portal} refuses the password")
    return f"filed in {portal}"


@workflow("letters")
async def letters(clerk: str) -> str:
    await read_letter("7.pdf")
    return await send_answer(await await_clerk(clerk))


@workflow("claims")
async def claims(portal: str) -> str:
    await read_letter("8.pdf")
    return await file_claim(portal)
"""
"""Clerks and portals are files: a letter waits until its clerk is there, a claim fails while its portal is not."""

PATIENCE = 1.0
"""Seconds that an impatient server waits for its database, where the usual one waits five: its pages wait for it."""

LEASE = 2
"""Seconds of silence after which others take a worker's runs."""

WORKFLOWS = "select count(*) from mainstem.user_workflow where name in ('letters', 'claims')"


@dataclass(frozen=True)
class Console:
    """One server's console. base ends without a slash."""

    base: str
    page: Page
    client: Mainstem
    directory: Path

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path, wait_until="domcontentloaded")
        return self.page

    def start(self, workflow: str, **given: Any) -> UUID:
        """By a client of the database, which the server does not know of."""
        return self.client.start(workflow, **given).wait().run_id

    def end(self, workflow: str, **given: Any) -> UUID:
        """A run that has come to its end, whichever."""
        run_id = self.start(workflow, **given)
        with suppress(RunFailed):
            self.client.result(run_id).wait()
        return run_id

    def tell(self, path: str, body: object, method: str = "POST", revision: int | None = None) -> Any:
        """Ask the server itself for something, as a client of its API. revision: of the draft that is changed."""
        headers = {"content-type": "application/json"}
        if revision is not None:
            headers["if-match"] = f'"{revision}"'
        request = urllib.request.Request(
            f"{self.base}/api/v1{path}", json.dumps(body).encode(), headers, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def ask(self, path: str) -> Any:
        """What the server answers."""
        with urllib.request.urlopen(f"{self.base}/api/v1{path}", timeout=10) as answer:
            return json.load(answer)

    def start_waiting(self, workflow_id: str) -> str:
        """A run that no worker takes."""
        run_id: str = self.tell("/runs", {"workflow_id": workflow_id, "input": {"page": 7}})["run_id"]
        return run_id

    def let_in(self, name: str) -> None:
        """The clerk comes, or the portal opens."""
        (self.directory / name).touch()


@contextmanager
def console_of(browser: Browser, url: str, directory: Path, *words: str) -> Iterator[Console]:
    """Of `mainstem up`, which ends by itself when it is told to: a worker of its own would outlive a kill."""
    with (
        Mainstem(url) as client,
        started("up", "--port", "0", *words, directory=directory, url=url) as (process, told),
    ):
        try:
            with page_of(browser, told["url"]) as page:
                yield Console(told["url"], page, client, directory)
        finally:
            code, _errors = ended(process)
        assert code == 0


@contextmanager
def impatient_console(browser: Browser, url: str) -> Iterator[tuple[str, Page]]:
    """The address and a page of a server in this process."""
    with (
        served(url, patience=PATIENCE) as server,
        page_of(browser, f"http://{server.base}") as page,
    ):
        yield f"http://{server.base}", page


@contextmanager
def working_console(browser: Browser, database: Database, directory: Path) -> Iterator[Console]:
    """With a worker of its own, which knows letters and claims."""
    module = write_program(directory, PROGRAM)
    with console_of(browser, database.url, directory, "--workers", module) as console:
        until(lambda: database.value(WORKFLOWS) == 2)
        yield console


@contextmanager
def workers(database: Database, directory: Path, number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes with a short lease, that know letters and claims. Killed at the end."""
    module = write_program(directory, PROGRAM)
    words = [str(COMMAND), "--url", database.url, "worker", module, "--ttl", str(LEASE)]
    with (directory / "workers.log").open("wb") as log:
        running = [subprocess.Popen(words, cwd=directory, stderr=log) for _ in range(number)]
    try:
        until(lambda: database.value(WORKFLOWS) == 2)
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
