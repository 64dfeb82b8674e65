"""Holders: whose key is revoked, or has expired, loses the connections that were opened with it."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from mainstem.errors import MainstemError
from mainstem.ledger.keys import ended_keys
from mainstem.server.caller import Caller
from mainstem.server.database import Database

log = logging.getLogger(__name__)

LOOKED_AT_EVERY = 10.0
"""Seconds between two looks at the keys of open connections: one query for each tenant that has any."""

Told = Callable[[], None]


class Holders:
    """Connections that stay open, by the key that opened them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[UUID, dict[UUID, list[Told]]] = defaultdict(lambda: defaultdict(list))

    @contextmanager
    def let_in(self, caller: Caller, ended: Told) -> Iterator[None]:
        """Meanwhile `ended` is called when the caller's key lets nobody in any more; once, or more often."""
        if caller.key_id is None:
            yield
            return
        told = self._open[caller.org_id][caller.key_id]
        told.append(ended)
        try:
            yield
        finally:
            told.remove(ended)
            if not told:
                self._forget(caller.org_id, caller.key_id)

    async def watch(self) -> None:
        """For ever. A database that does not answer is asked again: those who cannot be read for hear that anyway."""
        while True:
            await asyncio.sleep(LOOKED_AT_EVERY)
            for org_id in tuple(self._open):
                try:
                    await self._look(org_id)
                except MainstemError as error:
                    log.warning("keys of open connections are looked at again: %s", error)

    async def _look(self, org_id: UUID) -> None:
        for key_id in await self._database.perform(ended_keys(list(self._open[org_id])), org_id=org_id):
            for ended in tuple(self._open[org_id].get(key_id, ())):
                ended()

    def _forget(self, org_id: UUID, key_id: UUID) -> None:
        del self._open[org_id][key_id]
        if not self._open[org_id]:
            del self._open[org_id]
