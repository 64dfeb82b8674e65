"""The feed of a tenant's latest runs: read once for all who follow, when the change log says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from mainstem.errors import MainstemError
from mainstem.ledger import history
from mainstem.server.database import Database
from mainstem.server.history.item import HistoryPage
from mainstem.server.history.routes import read_page

log = logging.getLogger(__name__)

SHOWN = 50
PAUSE = 1.0
"""Seconds between two looks at the change log."""


async def changes(database: Database, org_id: UUID) -> AsyncIterator[None]:
    """At once, and after that whenever this tenant's runs may have changed. Raises what the database does."""
    seen = await database.perform(history.watch(None), org_id=org_id)
    while True:
        if seen.is_changed:
            yield
        await asyncio.sleep(PAUSE)
        seen = await database.perform(history.watch(seen), org_id=org_id)


@dataclass(eq=False)
class Feed:
    """One tenant's. Its pages are numbered; a failure is every follower's."""

    database: Database
    org_id: UUID
    number: int = 0
    page: HistoryPage | None = None
    failure: MainstemError | None = None
    followers: int = 0
    turned: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        try:
            async for _ in changes(self.database, self.org_id):
                self.page = await self.read()
                self.number += 1
                await self._turn()
        except MainstemError as failure:
            self.failure = failure
        finally:  # whatever ended it, nobody waits on for a page
            self.failure = self.failure or MainstemError("the feed of the history ended")
            await self._turn()

    async def read(self) -> HistoryPage:
        return await read_page(self.database, self.org_id, history.Asked(), limit=SHOWN)

    async def first(self) -> tuple[int, HistoryPage]:
        """As it is now, also where something wrote past the change log. Raises what the database does."""
        number = self.number
        return (number, await self.read()) if number else await self.after(0)

    async def after(self, number: int) -> tuple[int, HistoryPage]:
        """The latest, once there is one after this. Raises what the database does."""
        async with self.turned:
            await self.turned.wait_for(lambda: self.failure is not None or self.number > number)
        if self.failure is not None or self.page is None:
            raise self.failure or MainstemError("the feed of the history has no page")
        return self.number, self.page

    async def _turn(self) -> None:
        async with self.turned:
            self.turned.notify_all()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    [raised] = await asyncio.gather(task, return_exceptions=True)
    if isinstance(raised, Exception):
        log.error("%s ended", task.get_name(), exc_info=raised)


class Feeds:
    """Those that somebody follows."""

    def __init__(self) -> None:
        self._running: dict[UUID, tuple[Feed, asyncio.Task[None]]] = {}

    @asynccontextmanager
    async def joined(self, database: Database, org_id: UUID) -> AsyncIterator[Feed]:
        """The tenant's feed, begun by the first follower, ended with the last one."""
        feed, task = self._found(database, org_id)
        feed.followers += 1
        try:
            yield feed
        finally:
            feed.followers -= 1
            if feed.followers == 0:
                if org_id in self._running and self._running[org_id][0] is feed:
                    del self._running[org_id]
                await _ended(task)

    def _found(self, database: Database, org_id: UUID) -> tuple[Feed, asyncio.Task[None]]:
        """One that failed is left to its followers."""
        if org_id not in self._running or self._running[org_id][0].failure is not None:
            feed = Feed(database, org_id)
            self._running[org_id] = (feed, asyncio.create_task(feed.run(), name="history feed"))
        return self._running[org_id]
