"""A subscription: one client's way through the log, from its cursor to the present and on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable

from mainstem.ledger.changes import Cursor, Position
from mainstem.server.live.frames import Batch, signal
from mainstem.server.live.hub import Hub
from mainstem.server.live.interest import Interest

MOST_WAITING = 1000
"""Frames that wait for one client. Batches are the same objects for all, so a queue of references is small."""


class Subscription:
    """Gives batches one after the other; what the client has taken when it asks for the next is its position."""

    def __init__(
        self, hub: Hub, interest: Interest, *, fell_behind: Callable[[], None] | None = None
    ) -> None:
        self.hub = hub
        self._interest = interest
        self._fell_behind = fell_behind
        self._queue: deque[Batch] = deque()
        self._waiting = 0
        self._is_behind = False
        self._is_over = False
        self._something = asyncio.Event()
        self._position = hub.position

    def offer(self, batch: Batch) -> None:
        """From the hub. A queue that would be too long is dropped: the log still has what was in it."""
        if self._is_behind:
            return
        if self._queue and self._waiting + len(batch.frames) > MOST_WAITING:
            self._drop()
        else:
            self._queue.append(batch)
            self._waiting += len(batch.frames)
        self._something.set()

    def end(self) -> None:
        """The server goes, or its database does not answer: after what it has, the client is told `bye`."""
        self._is_over = True
        self._something.set()

    async def batches(self, cursor: Cursor | None, *, follow: bool = True) -> AsyncGenerator[Batch, None]:
        """From the cursor on, or from now: first where that is, then frames, until `bye`; or until now."""
        is_known = await self.hub.reach(cursor.until if cursor else None)
        self.hub.listeners.add(self)
        target = self.hub.position  # from here on the hub's offers count; up to here the log is read
        try:
            start = cursor if cursor and is_known else Cursor.at(target)
            yield signal("open", start)
            if not is_known:
                yield signal("reset", start)
            async for batch in self._resumed(start, target):
                yield batch
            if not follow:
                yield signal("ping", Cursor.at(self._position))
                return
            async for batch in self._following():
                yield batch
        finally:
            self.hub.listeners.discard(self)

    async def _following(self) -> AsyncGenerator[Batch, None]:
        while True:
            if self._is_behind:
                self._is_behind = False
                target = self.hub.position
                yield signal("gap", Cursor.at(self._position))
                async for batch in self._caught_up(target):
                    yield batch
            elif self._queue:
                batch = self._queue.popleft()
                self._waiting -= len(batch.frames)
                chosen = self._interest.of(batch)
                if chosen.frames:
                    yield chosen
                self._position = batch.position
            elif self._is_over:
                yield signal("bye", Cursor.at(self._position))
                return
            else:
                self._something.clear()
                await self._something.wait()

    async def _resumed(self, cursor: Cursor, target: Position) -> AsyncGenerator[Batch, None]:
        """The rest of a batch that was cut, then what came since."""
        self._position = cursor.until
        if cursor.after != cursor.until:
            async with self.hub.crowd:
                reading, batch = await self.hub.read(cursor.after, until=cursor.until, told=cursor.told)
            if reading.is_lost or reading.position != cursor.until:
                self._position = target
                yield signal("reset", Cursor.at(target))
            elif (chosen := self._interest.of(batch)).frames:
                yield chosen
        async for batch in self._caught_up(target):
            yield batch

    async def _caught_up(self, target: Position) -> AsyncGenerator[Batch, None]:
        """What lies between the client and the hub, read for it alone."""
        while self._position < target:
            async with self.hub.crowd:
                reading, batch = await self.hub.read(self._position, until=target)
            if reading.is_lost:
                self._position = target
                yield signal("reset", Cursor.at(target))
                return
            if (chosen := self._interest.of(batch)).frames:
                yield chosen
            self._position = batch.position

    def _drop(self) -> None:
        self._queue.clear()
        self._waiting = 0
        self._is_behind = True
        if self._fell_behind is not None:
            self._fell_behind()
