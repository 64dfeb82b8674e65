"""The server's way to the ledger: each request one transaction, as mainstem_app, of one tenant, within a budget of time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self, TypeVar
from uuid import UUID

from mainstem.client.inputs import KnownInputs
from mainstem.errors import Unreachable
from mainstem.ledger.audit import AuditOf, entry
from mainstem.ledger.budget import aperform_within
from mainstem.ledger.call import Call
from mainstem.ledger.catalog import fitting, refuse_misfit
from mainstem.ledger.keys import KeyHolder, holder_of
from mainstem.ledger.link import Link
from mainstem.model import Json
from mainstem.postgres import Role, connect
from mainstem.server.config import ServerConfig

T = TypeVar("T")

TRUSTED = 10.0
"""Seconds for which a schema that fitted is not looked at again."""


class Database:
    """Opened by whoever asks first, so that a server starts before its database does, and is mounted without a lifespan.

    Raises Unreachable when nothing answers, and what is wrong with a schema that does not fit: at each request, until
    it fits.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.link = self._new_link()
        self._is_open = False
        self._attempt: asyncio.Task[None] | None = None
        self._fitted = -TRUSTED
        self._inputs = KnownInputs()

    async def __aenter__(self) -> Self:
        await self.ready()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def refuse_misfit(
        self, org_id: UUID, workflow: str | UUID | None, version: int, given: Mapping[str, Json]
    ) -> None:
        """See that a workflow takes this input. Raises InputRefused with every fault, NotFound for a version."""

        async def ask(call: Call[Any]) -> Any:
            return await self.perform(call, org_id=org_id)

        if workflow is not None:
            await self._inputs.refuse(ask, (org_id, workflow, version), given)

    async def ready(self) -> None:
        """Open, on a schema that fits. Whoever waits for it waits for the same attempt."""
        if self._is_open and time.monotonic() - self._fitted < TRUSTED:
            return
        if self._attempt is None or self._attempt.done():
            self._attempt = asyncio.create_task(self._open(), name="mainstem server opens")
        try:
            async with asyncio.timeout(2 * self.config.patience):
                await asyncio.shield(self._attempt)
        except TimeoutError as waited:
            raise Unreachable(
                f"the database did not answer within {2 * self.config.patience:g} s",
                hint="is the server running, and is MAINSTEM_URL its address?",
            ) from waited

    async def close(self) -> None:
        """The next request opens it again."""
        if self._attempt is not None:
            await asyncio.gather(self._attempt, return_exceptions=True)
        if self._is_open:
            link, self.link, self._is_open = self.link, self._new_link(), False
            await link.__aexit__(None, None, None)

    async def perform(self, call: Call[T], *, org_id: UUID, audit: AuditOf | None = None) -> T:
        """Raises what the call raises, and QueryBudgetExceeded; a caller that is cancelled cancels the query.

        audit: what is written down of a change in its own transaction: both or neither.
        """
        return await self._within(call, org_id, None if audit is None else partial(entry, audit))

    async def holder_of(self, digest: bytes) -> KeyHolder | None:
        """Whose key this is, before there is a tenant."""
        return await self._within(holder_of(digest), None)

    async def ask(self, call: Call[T]) -> T:
        """A call that no tenant's rows answer."""
        return await self._within(call, None)

    async def _within(
        self, call: Call[T], org_id: UUID | None, then: Callable[[T], Call[Any]] | None = None
    ) -> T:
        await self.ready()
        async with self.link.borrowed() as conn:
            return await aperform_within(conn, call, org_id=org_id, seconds=self.config.budget, then=then)

    async def _open(self) -> None:
        if not self._is_open:
            await asyncio.to_thread(_refuse_misfit, self.config.url)
            await self.link.__aenter__()
            self._is_open = True
        elif time.monotonic() - self._fitted >= TRUSTED:
            async with self.link.borrowed() as conn:
                await aperform_within(conn, fitting(), org_id=None, seconds=self.config.budget)
        self._fitted = time.monotonic()

    def _new_link(self) -> Link:
        config = self.config
        return Link(
            config.url, role=Role.APP, name="mainstem server", size=config.pool, patience=config.patience
        )


def _refuse_misfit(url: str) -> None:
    with connect(url, role=Role.APP, application_name="mainstem server") as conn:
        refuse_misfit(conn)
