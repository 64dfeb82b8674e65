"""A proxy before PostgreSQL, in a thread of its own: it cuts what goes through it, slows it down, and lets nothing through."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = ".s.PGSQL.5432"


class Proxy:
    """Forwards a socket in one folder to the server's."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.delay = 0.0
        """Seconds that each piece waits."""
        self.loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def connections(self) -> int:
        return len(self._open) // 2

    def cut(self) -> None:
        """Every connection, without a word."""
        self.loop.call_soon_threadsafe(self._cut)

    def stop(self) -> None:
        """Nothing goes through, and nobody is told."""
        self.loop.call_soon_threadsafe(self._flows.clear)

    def flow(self) -> None:
        self.loop.call_soon_threadsafe(self._flows.set)

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(str(self.target))
        except OSError:  # the server is dead: so is the connection
            writer.transport.abort()
            return
        self._open |= {writer, up_writer}
        try:
            await asyncio.gather(self._forward(reader, up_writer), self._forward(up_reader, writer))
        finally:
            self._open -= {writer, up_writer}

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(2**16):
                await self._flows.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@contextmanager
def proxy(target: Path, folder: Path) -> Iterator[Proxy]:
    """A proxy that listens in `folder` under the name libpq expects."""
    made = Proxy(target)
    listening = threading.Event()
    ends = asyncio.Event()

    async def run() -> None:
        server = await asyncio.start_unix_server(made.serve, str(folder / NAME))
        listening.set()
        await ends.wait()
        server.close()
        made._cut()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: made.loop.run_until_complete(run()), name="proxy")
    thread.start()
    listening.wait(30)
    try:
        yield made
    finally:
        made.loop.call_soon_threadsafe(ends.set)
        thread.join(30)
        made.loop.close()
