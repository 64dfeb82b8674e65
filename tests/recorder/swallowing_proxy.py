"""A proxy before PostgreSQL that swallows an answer: the flush has committed, its recorder never hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class SwallowingProxy:
    """Forwards everything, until it is told to swallow the next answer to a flush, whole, and cut the connection."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.swallowed = 0
        self._swallow = False
        self._tasks: set[asyncio.Task[None]] = set()

    def swallow_next(self) -> None:
        self._swallow = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(str(self.target))
        armed = asyncio.Event()
        task = asyncio.create_task(self._forward(reader, up_writer, armed))
        self._tasks.add(task)
        try:
            await self._answer(up_reader, writer, armed)
        finally:
            task.cancel()
            for end in (writer, up_writer):
                end.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, armed: asyncio.Event
    ) -> None:
        while data := await reader.read(2**16):
            if self._swallow and data[:1] == b"B" and len(data) > 200:  # Bind: a flush is the only long one
                self._swallow = False
                armed.set()
            writer.write(data)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, armed: asyncio.Event
    ) -> None:
        while data := await reader.read(2**16):
            if armed.is_set():
                if data.endswith(b"Z\x00\x00\x00\x05I"):  # ReadyForQuery, idle: the transaction has committed
                    self.swallowed += 1
                    return
                continue
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def swallowing_proxy(socket: Path, folder: Path) -> AsyncIterator[SwallowingProxy]:
    """A proxy that listens in `folder` under the name libpq expects."""
    proxy = SwallowingProxy(socket)
    server = await asyncio.start_unix_server(proxy.serve, str(folder / ".s.PGSQL.5432"))
    async with server:
        yield proxy
