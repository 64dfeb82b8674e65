"""The feed of a process: one listener, a hub for each tenant that somebody watches, and how many may."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from uuid import UUID

from mainstem.errors import MainstemError, TooManyStreams
from mainstem.ledger.changes import Reading
from mainstem.server.database import Database
from mainstem.server.live.holders import Holders
from mainstem.server.live.hub import Hub
from mainstem.server.live.interest import Interest
from mainstem.server.live.subscription import Subscription

log = logging.getLogger(__name__)

CHANNEL = "mainstem_change"

READERS = 4
"""Readings at once: a crowd that comes back after a cut leaves connections for everybody else."""

FAREWELL = 5.0
"""Seconds that clients have to take their `bye`."""


class Feed:
    """Begins when somebody subscribes. When `closing` is set everybody is told bye, and streams end; `close` waits
    for that, and leaves nothing running.
    """

    def __init__(self, database: Database, closing: asyncio.Event) -> None:
        self._database = database
        self._closing = closing
        self._most = database.config.streams
        self._tasks: list[asyncio.Task[None]] = []
        self._hubs: dict[UUID, tuple[Hub, asyncio.Task[None]]] = {}
        self._streams: Counter[UUID] = Counter()
        self._subscriptions: set[Subscription] = set()
        self._readers = asyncio.Semaphore(READERS)
        self._all_left = asyncio.Event()
        self._all_left.set()
        self._held: tuple[int, float] | None = None
        self._ended: list[Callable[[], None]] = []
        self.holders = Holders(database)

    @property
    def streams(self) -> int:
        """Connections that are open."""
        return self._streams.total()

    @property
    def lag(self) -> float:
        """Seconds that the oldest open transaction has held the feed back, as far as this process has seen."""
        return 0.0 if self._held is None else time.monotonic() - self._held[1]

    @contextmanager
    def stream(self, org_id: UUID) -> Iterator[None]:
        """A connection's place. Raises TooManyStreams."""
        if self._streams[org_id] >= self._most:
            raise TooManyStreams(
                f"this tenant has {self._most} live connections already",
                hint="close some, or watch several topics over one connection",
            )
        self._streams[org_id] += 1
        self._all_left.clear()
        try:
            yield
        finally:
            self._streams[org_id] -= 1
            if not self.streams:
                self._all_left.set()

    @contextmanager
    def subscribed(
        self, org_id: UUID, interest: Interest, *, fell_behind: Callable[[], None] | None = None
    ) -> Iterator[Subscription]:
        """Meanwhile the tenant's hub runs."""
        self._begin()
        hub = self._hub_of(org_id)
        subscription = Subscription(hub, interest, fell_behind=fell_behind)
        self._subscriptions.add(subscription)
        hub.watchers += 1
        if self._closing.is_set():
            subscription.end()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            hub.watchers -= 1
            if not hub.watchers:
                self._stop(hub)

    @contextmanager
    def told_the_end(self, ended: Callable[[], None]) -> Iterator[None]:
        """Call it when the server goes."""
        self._begin()
        self._ended.append(ended)
        if self._closing.is_set():
            ended()
        try:
            yield
        finally:
            self._ended.remove(ended)

    async def close(self) -> None:
        """Say bye to everybody, wait a little until they have taken it, and stop."""
        self._closing.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await self._all_left.wait()
        tasks = [*self._tasks, *(task for _, task in self._hubs.values())]
        self._tasks = []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self) -> None:
        if not self._tasks:
            duties = (self._listen(), self._say_bye(), self.holders.watch())
            self._tasks = [asyncio.create_task(duty) for duty in duties]

    async def _listen(self) -> None:
        """A wake-up comes sooner than the next look; without a database there are looks, and this tries again."""
        while True:
            try:
                await self._database.ready()
                async with self._database.link.listening((CHANNEL,), lambda _channel: self._wake()):
                    await asyncio.get_running_loop().create_future()
            except MainstemError as error:
                log.warning("the live feed listens again in a second: %s", error)
                await asyncio.sleep(1)

    async def _say_bye(self) -> None:
        await self._closing.wait()
        for subscription in self._subscriptions:
            subscription.end()
        for ended in tuple(self._ended):
            ended()

    def _stop(self, hub: Hub) -> None:
        running, task = self._hubs.get(hub.org_id, (None, None))
        if running is hub and task is not None:
            del self._hubs[hub.org_id]
            task.cancel()

    def _hub_of(self, org_id: UUID) -> Hub:
        if org_id not in self._hubs:
            hub = Hub(org_id, partial(self._database.perform, org_id=org_id), self._note, self._readers)
            task = asyncio.create_task(hub.run(), name=f"live feed of {org_id}")
            task.add_done_callback(partial(self._broke, org_id))
            self._hubs[org_id] = (hub, task)
        return self._hubs[org_id][0]

    def _broke(self, org_id: UUID, task: asyncio.Task[None]) -> None:
        """A hub ended by what nobody foresaw: its clients connect again, to a new one."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("the live feed of %s broke", org_id, exc_info=error)
        hub, _ = self._hubs.pop(org_id)
        for subscription in self._subscriptions:
            if subscription.hub is hub:
                subscription.end()

    def _wake(self) -> None:
        for hub, _ in self._hubs.values():
            hub.wake()

    def _note(self, reading: Reading) -> None:
        if reading.open_xid is None:
            self._held = None
        elif self._held is None or self._held[0] != reading.open_xid:
            self._held = (reading.open_xid, time.monotonic())
