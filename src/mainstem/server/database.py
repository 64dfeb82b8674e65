"""The server's way to the ledger: each request one transaction, as mainstem_app, of one tenant, within a budget of time."""

from __future__ import annotations

from typing import Self, TypeVar
from uuid import UUID

from mainstem.ledger.budget import aperform_within
from mainstem.ledger.call import Call
from mainstem.ledger.link import Link
from mainstem.postgres import Role
from mainstem.server.config import ServerConfig

T = TypeVar("T")


class Database:
    """Opened with the application, closed with it. Raises Unreachable when nothing answers."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.link = Link(config.url, role=Role.APP, name="mainstem server", size=config.pool)

    async def __aenter__(self) -> Self:
        await self.link.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.link.__aexit__(*raised)

    async def perform(self, call: Call[T], *, org_id: UUID) -> T:
        """Raises what the call raises, and QueryBudgetExceeded; a caller that is cancelled cancels the query."""
        async with self.link.borrowed() as conn:
            return await aperform_within(conn, call, org_id=org_id, seconds=self.config.budget)
