"""A ledger for tests: a database of its own on an embedded server that the whole process shares, with a worker."""

from __future__ import annotations

import asyncio
import atexit
import secrets
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from mainstem.client.mainstem import Mainstem, RunHandle
from mainstem.engine.worker import Terms, Worker
from mainstem.errors import NotReached
from mainstem.flow.given import Test
from mainstem.flow.program import Workflow
from mainstem.ledger import queue
from mainstem.ledger.call import perform
from mainstem.ledger.install import upgrade
from mainstem.model import Run, RunStatus
from mainstem.postgres import connect, embedded
from mainstem.testing.clock import advance, make_movable

QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "100"}
"""What a test loses when the machine dies, it makes anew."""

TEMPLATE = "mainstem_template"
LOOKED_EVERY = 0.005
PATIENCE = 30.0
"""Seconds after which a wait for a run's state gives up."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger with a worker on it, and its clock."""

    client: Mainstem
    worker: Worker
    url: str

    async def start(
        self, workflow: Workflow[..., Any] | str, *args: Any, test: Test | None = None, **kwargs: Any
    ) -> RunHandle:
        """As `Mainstem.start`."""
        return await self.client.start(workflow, *args, test=test, **kwargs)

    async def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Move the clock ahead: what is due then goes on at once, and what is overdue times out."""
        await asyncio.to_thread(self._advance, days * 86400 + hours * 3600 + seconds)

    def _advance(self, seconds: float) -> None:
        with connect(self.url, role=None, application_name="mainstem testing") as conn:
            advance(conn, seconds)
        with connect(self.url, role="mainstem_worker", application_name="mainstem testing") as conn:
            perform(conn, queue.end_overdue())

    async def until(
        self, run: RunHandle | UUID, holds: Callable[[Run], object], *, patience: float = PATIENCE
    ) -> Run:
        """The run as soon as this holds of it. Raises NotReached."""
        run_id = run if isinstance(run, UUID) else run.run_id
        try:
            async with asyncio.timeout(patience):
                while not holds(found := await self.client.get_run(run_id)):  # noqa: ASYNC110  (the ledger tells nobody)
                    await asyncio.sleep(LOOKED_EVERY)
                return found
        except TimeoutError as waited:
            found = await self.client.get_run(run_id)
            raise NotReached(
                f"run {run_id} is {found.status} after {patience:g} s",
                hint="look at its steps: mainstem runs show",
            ) from waited

    async def until_waiting(self, run: RunHandle | UUID) -> Run:
        """The run as soon as it waits, for a signal, a time or an approval. Raises NotReached."""
        return await self.until(run, lambda found: found.status == RunStatus.WAITING)

    async def until_paused(self, run: RunHandle | UUID) -> Run:
        """The run as soon as it is paused. Raises NotReached."""
        return await self.until(run, lambda found: found.status == RunStatus.PAUSED)


@asynccontextmanager
async def ledger(*workflows: Workflow[..., Any], terms: Terms | None = None) -> AsyncIterator[Ledger]:
    """A new ledger with a worker for these workflows, gone afterwards. The first one of a process takes a few seconds,
    as it starts the server; the others take some tens of milliseconds.
    """
    database = _new_database()
    url = await asyncio.to_thread(database.__enter__)
    try:
        async with Mainstem(url) as client, Worker(client, workflows, terms or Terms(poll=0.2)) as worker:
            for workflow in workflows:
                await client.register(workflow)
            yield Ledger(client, worker, url)
    finally:
        await asyncio.to_thread(database.__exit__, None, None, None)


@contextmanager
def _new_database() -> Iterator[str]:
    server = _SERVER.url
    name = f"ledger_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(
            SQL("create database {} template {} strategy file_copy").format(
                Identifier(name), Identifier(TEMPLATE)
            )
        )
    try:
        yield _in_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as conn:
            conn.execute(SQL("drop database {} with (force)").format(Identifier(name)))


class _SharedServer:
    """Started when it is first asked for, stopped when the process ends."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._url: str | None = None

    @property
    def url(self) -> str:
        with self._lock:
            if self._url is None:
                atexit.register(self._stack.close)
                place = Path(tempfile.mkdtemp(prefix="mainstem-testing-"))
                place.chmod(0o755)  # the server's account, where it is another, goes through it
                self._stack.callback(shutil.rmtree, place, ignore_errors=True)
                server = self._stack.enter_context(embedded(place / "data", settings=QUICK))
                _make_template(server.url)
                self._url = server.url
            return self._url


def _make_template(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SQL("create database {}").format(Identifier(TEMPLATE)))
    with psycopg.connect(_in_database(url, TEMPLATE), autocommit=True) as conn:
        upgrade(conn)
        make_movable(conn)


def _in_database(url: str, name: str) -> str:
    given = conninfo_to_dict(url)
    user, host, port = given["user"], given["host"], given.get("port", "5432")
    password = f":{given['password']}" if given.get("password") else ""
    return f"postgresql://{user}{password}@/{name}?host={host}&port={port}"


_SERVER = _SharedServer()
