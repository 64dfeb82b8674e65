"""A hub: the one reader of a tenant's change log in this process, and those whom it tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from mainstem.errors import MainstemError
from mainstem.ledger.call import Call
from mainstem.ledger.changes import Cursor, Position, Reading, newest, read_changes, summaries_of
from mainstem.server.live.frames import Batch, batch_of, runs_of, signal

log = logging.getLogger(__name__)

Perform = Callable[[Call[Any]], Awaitable[Any]]

COALESCED = 0.1
"""Seconds between two readings: what changes within it becomes one frame a run."""

LOOK = 1.0
"""Seconds after which it looks without having been called: NOTIFY may be off, or a pooler between."""

PING = 15.0

MOST_FAILURES = 2
"""Looks that fail one after the other until its listeners are sent away: who asks again is told why. One is a connection that broke."""


class Listener(Protocol):
    """Who is told."""

    def offer(self, batch: Batch) -> None: ...
    def end(self) -> None: ...


class Hub:
    """Runs while somebody listens. `position` is how far it has told."""

    def __init__(
        self, org_id: UUID, perform: Perform, watch: Callable[[Reading], None], crowd: asyncio.Semaphore
    ) -> None:
        self.org_id = org_id
        self.crowd = crowd
        """Taken by who reads for one client alone."""
        self.position = Position(0, UUID(int=0))
        self.listeners: set[Listener] = set()
        self.watchers = 0
        self._perform = perform
        self._watch = watch
        self._woken = asyncio.Event()
        self._advanced = asyncio.Event()
        self._began = False
        self._failures = 0
        self._pause = LOOK

    def wake(self) -> None:
        """Something may have changed."""
        self._woken.set()

    async def run(self) -> None:
        """Read and tell, until cancelled."""
        loop = asyncio.get_running_loop()
        ping = loop.time() + PING
        while True:
            read = loop.time()
            await self._look()
            if loop.time() >= ping:
                ping = loop.time() + PING
                self._tell(signal("ping", Cursor.at(self.position)))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._woken.wait()
            await asyncio.sleep(read + COALESCED - loop.time())
            self._woken.clear()

    async def _look(self) -> None:
        """What fails is tried again: the position stays where it is, so nothing is missed."""
        try:
            if self._began:
                await self._read()
            else:
                self.position = await self._perform(newest())
                self._began = True
        except MainstemError as error:
            log.warning("the live feed of %s reads again in a second: %s", self.org_id, error)
            self._pause = LOOK
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                self._send_away()
            return
        self._failures = 0
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def _read(self) -> None:
        reading, batch = await self.read(self.position)
        self._watch(reading)
        self._pause = self._next_look(reading)
        self.position = batch.position
        if reading.is_lost:
            self._tell(signal("reset", Cursor.at(self.position)))
        elif batch.frames:
            self._tell(batch)

    def _next_look(self, reading: Reading) -> float:
        """No call comes for what an older transaction holds back: look again, and less often the longer it does."""
        if reading.is_cut:
            return 0
        if reading.is_held:
            return COALESCED if self._pause in (0, LOOK) else min(self._pause * 1.5, LOOK * 0.9)
        return LOOK

    async def read(
        self, after: Position, *, until: Position | None = None, told: int = 0
    ) -> tuple[Reading, Batch]:
        """What lies after a position, as frames with their runs: two queries, the second only when there is something."""
        reading: Reading = await self._perform(read_changes(after, until=until))
        run_ids = runs_of(reading)
        summaries = await self._perform(summaries_of(sorted(run_ids))) if run_ids else {}
        return reading, batch_of(after, reading, summaries, told)

    async def reach(self, position: Position | None) -> bool:
        """Wait until the hub has begun and told up to there. False: the database never came so far."""
        while not self._began:
            await self._advanced.wait()
        if position is None:
            return True
        if self.position < position and await self._perform(newest()) < position:
            return False
        while self.position < position:
            self.wake()
            await self._advanced.wait()
        return True

    def _send_away(self) -> None:
        for listener in tuple(self.listeners):
            listener.end()

    def _tell(self, batch: Batch) -> None:
        for listener in tuple(self.listeners):
            listener.offer(batch)
