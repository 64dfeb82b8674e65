"""A real server on a free port, in a thread with a loop of its own, and clients that read its feed frame by frame."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI
from psycopg import Connection

from conftest import Tenant
from mainstem.server import ServerConfig, create_app
from mainstem.server.serve import Server

START = "select mainstem.start_workflow_execution(%s, 'web', null, null, null) as run_id"


@dataclass
class Running:
    """The server, and how it is stopped before the test ends."""

    port: int
    app: FastAPI
    server: uvicorn.Server
    thread: threading.Thread

    @property
    def base(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()


@contextmanager
def running(url: str, **config: Any) -> Iterator[Running]:
    app = create_app(replace(ServerConfig(url=url, open_to_all=True), **config))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # so that slow clients are soon seen
        settings = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=10)
        server = Server(settings, app)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        made = Running(listener.getsockname()[1], app, server, thread)
        try:
            wait_for(lambda: server.started)
            yield made
        finally:
            made.stop()


@dataclass
class Events:
    """A client of the stream; `cursor` is what its browser would send as Last-Event-ID."""

    lines: AsyncGenerator[str, None]
    cursor: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def next(self) -> dict[str, Any]:
        """The next frame; what has no data moves the cursor only."""
        fields: dict[str, str] = {}
        async for line in self.lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            self.cursor = fields.get("id", self.cursor)
            if "data" in fields:
                frame = {"type": fields["event"], "id": fields["id"], "data": json.loads(fields["data"])}
                self.seen.append(frame)
                return frame
            fields = {}
        raise EOFError

    async def opened(self) -> str:
        """Wait for the first cursor."""
        async for line in self.lines:
            if line.startswith("id: "):
                self.cursor = line.removeprefix("id: ")
            if not line and self.cursor:
                return self.cursor
        raise EOFError

    async def until(self, run_id: UUID, status: str) -> dict[str, Any]:
        while True:
            frame = await self.next()
            if (frame["data"].get("run_id"), frame["data"].get("status")) == (str(run_id), status):
                return frame


@asynccontextmanager
async def events(
    base: str, cursor: str | None = None, *, key: str | None = None, **asked: str
) -> AsyncIterator[Events]:
    """An open stream; it has said where it stands."""
    headers = {"Last-Event-ID": cursor} if cursor else {}
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx.AsyncClient(timeout=20, verify=False) as client,
        client.stream("GET", f"http://{base}/api/v1/stream", params=asked, headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        lines = _lines(answer)
        made = Events(lines)
        await made.opened()
        yield made
        await lines.aclose()


async def _lines(answer: httpx.Response) -> AsyncGenerator[str, None]:
    async for line in answer.aiter_lines():
        yield line


def begin(conn: Connection[Any], tenant: Tenant) -> UUID:
    [row] = conn.execute(START, [tenant.workflow_id]).fetchall()
    return UUID(str(row["run_id"]))


def end(conn: Connection[Any], run_id: UUID) -> None:
    conn.execute("select mainstem.complete_workflow_execution(%s, 'completed', null)", [run_id])


def step(conn: Connection[Any], tenant: Tenant, run_id: UUID, number: int) -> None:
    conn.execute("select mainstem.start_workflow_step(%s, %s, %s)", [run_id, tenant.node_id, number])


def wait_for(answer: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not answer():
        assert time.monotonic() < deadline
        time.sleep(0.01)
