"""Links: connections of one process in one role, opened when needed and again when lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.sql import SQL, Identifier
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from mainstem.errors import MainstemError, Unreachable
from mainstem.ledger.call import Call, aperform, unbroken
from mainstem.ledger.cancellation import heed_cancellation, times_cancelled
from mainstem.ledger.records import COMPOSITES, OIDS_SQL, register
from mainstem.postgres import Session, aconnect, aset_up

T = TypeVar("T")
log = logging.getLogger(__name__)

DEADLOCKS = 5
"""Times that a call is performed that the server chooses, of two that wait for one another, as the one to end."""


class Link:
    """A small pool of connections in one role. Use it in one event loop: `async with Link(...) as link`.

    org_id: the tenant of every call; None for a worker, who sees all. Raises Unreachable when no server answers
    within `patience` seconds; a lost connection is replaced for the next call.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str,
        name: str,
        org_id: UUID | None = None,
        size: int = 4,
        patience: float = 30,
    ) -> None:
        self.url = url
        self.role = role
        self.name = name
        self.org_id = org_id
        self._session = Session.at(url, role=role, application_name=name)
        self._pool = AsyncConnectionPool(
            self._session.conninfo,
            kwargs=self._session.options,
            configure=self._configure,
            min_size=1,
            max_size=size,
            timeout=patience,
            open=False,
        )
        self.oids: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        conn = await self.connection()  # the pool only says "timeout"; this says what is wrong
        async with conn:
            with unbroken():  # a server that dies now is one that does not answer
                found = await conn.execute(OIDS_SQL, [list(COMPOSITES)])
                self.oids = dict(await found.fetchall())
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def __call__(self, call: Call[T]) -> T:
        """Perform a call in a transaction of its own; one that the server ended for another's sake, again.

        Raises Unreachable for one that somebody had the server cancel: nothing of it was written either.
        """
        tries = DEADLOCKS
        while True:
            try:
                async with self.borrowed() as conn:
                    with unbroken():
                        return await aperform(conn, call, org_id=self.org_id)
            except errors.DeadlockDetected:
                tries -= 1
                if not tries:
                    raise

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection of the pool. Raises Unreachable when there is none, or it is lost meanwhile."""
        before = times_cancelled()
        try:
            async with self._pool.connection() as conn:
                heed_cancellation(since=before)
                yield conn
        except PoolTimeout as waited:
            raise Unreachable(
                f"no connection to the database: {waited}", hint="is the server running?"
            ) from waited
        except Unreachable:
            await (
                self._pool.check()
            )  # what broke one connection may have broken all: the next call gets a good one
            raise

    async def connection(self) -> AsyncConnection[Any]:
        """A connection of its own, outside of the pool, for one who keeps it."""
        return await aconnect(self.url, role=self.role, application_name=self.name)

    @asynccontextmanager
    async def listening(self, channels: Sequence[str], heard: Callable[[str], None]) -> AsyncIterator[None]:
        """Meanwhile `heard` is called with a channel's name when something may have happened there, and after each
        reconnect for every channel. Only a hint: whoever hears it looks. Behind a transaction pooler it stays silent.
        """
        if self._session.pooler == "transaction":
            yield
            return
        task = asyncio.create_task(self._listen(channels, heard), name=f"{self.name} listener")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self, channels: Sequence[str], heard: Callable[[str], None]) -> None:
        while True:
            try:
                async with await self.connection() as conn:
                    for channel in channels:
                        await conn.execute(SQL("listen {}").format(Identifier(channel)))
                        heard(channel)
                    async for notice in conn.notifies():
                        heard(notice.channel)
            except (psycopg.Error, MainstemError) as error:
                log.warning("%s listens again in a second: %s", self.name, error)
                await asyncio.sleep(1)

    async def _configure(self, conn: AsyncConnection[Any]) -> None:
        await aset_up(self._session, conn)
        register(conn)
