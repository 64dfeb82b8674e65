"""Room: what an executor has of each resource, given out in the order in which it was asked for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from mainstem.errors import ResourcesMissing

Amounts = Mapping[str, float]


class Room:
    """Who asks for much is not passed by those who ask for little."""

    def __init__(self, has: Amounts) -> None:
        self._has = dict(has)
        self._free = dict(has)
        self._waiting: deque[tuple[Amounts, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def taken(self, needs: Amounts, who: str) -> AsyncIterator[None]:
        """Meanwhile they are `who`'s; waits for them. Raises ResourcesMissing for more than there is in all."""
        for name, amount in needs.items():
            if amount > self._has.get(name, 0):
                raise ResourcesMissing(
                    f"{who} asks for {amount:g} {name}, and its executor has {self._has.get(name, 0):g}",
                    hint="ask for less, or give the worker an executor with more",
                )
        await self._take(needs)
        try:
            yield
        finally:
            self._give(needs)

    async def _take(self, needs: Amounts) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((needs, turn))
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._hand_out()
            else:  # it was its turn in the same moment
                self._give(needs)
            raise

    def _give(self, needs: Amounts) -> None:
        for name, amount in needs.items():
            self._free[name] += amount
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting:
            needs, turn = self._waiting[0]
            if not turn.cancelled():
                if any(amount > self._free[name] + 1e-9 for name, amount in needs.items()):
                    return
                for name, amount in needs.items():
                    self._free[name] -= amount
                turn.set_result(None)
            self._waiting.popleft()
