"""Endings: who waits for which run to end, in one event loop. One query asks for all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mainstem.errors import Unreachable
from mainstem.ledger import runs
from mainstem.ledger.link import Link
from mainstem.model import RunStatus

log = logging.getLogger(__name__)

HINTED_AT_MOST_EVERY = 0.02
"""Seconds between two looks at runs that are waited for, however often something changes."""

LOOKED_AT_EVERY = 1.0
"""Seconds between two looks when nothing is heard."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: its output as JSON values, its error's message."""

    status: str
    output: Any
    error_message: str | None


class Endings:
    """Waits for runs. is_here: whether a worker of this process conducts a run, and so will tell its ending."""

    def __init__(self, link: Link, is_here: Callable[[UUID], bool]) -> None:
        self._link = link
        self._is_here = is_here
        self._awaited: dict[UUID, list[asyncio.Future[Outcome]]] = {}
        self._hint = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait_for(self, run_id: UUID) -> Outcome:
        """Until a run is over. Raises NotFound for one that is not there."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._awaited.setdefault(run_id, []).append(done)
        try:
            if not self._is_here(run_id):
                self.over(run_id, Outcome(*await self._link(runs.outcome(run_id))))
                self.look()
            return await done
        finally:
            self._forget(run_id, done)

    def look(self) -> None:
        """Look at the ledger from now on, if somebody waits: not every run that is waited for is in work here."""
        if self._awaited and self._task is None:
            self._task = asyncio.create_task(self._look_for_ever(), name="mainstem endings")

    def over(self, run_id: UUID, outcome: Outcome) -> None:
        """A run is in this state now; who waits is told when that is an ending."""
        if RunStatus(outcome.status).is_over:
            for done in self._awaited.pop(run_id, ()):
                if not done.done():
                    done.set_result(outcome)

    def _forget(self, run_id: UUID, done: asyncio.Future[Outcome]) -> None:
        """Whoever was told, or waits no longer."""
        others = [other for other in self._awaited.pop(run_id, ()) if other is not done]
        if others:
            self._awaited[run_id] = others

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        async with self._link.listening(("mainstem_change",), lambda _channel: self._hint.set()):
            while True:
                await self._until_hinted()
                if elsewhere := [run_id for run_id in self._awaited if not self._is_here(run_id)]:
                    await self._look_at(elsewhere)
                await asyncio.sleep(HINTED_AT_MOST_EVERY)

    async def _look_at(self, run_ids: list[UUID]) -> None:
        try:
            for run_id, *outcome in await self._link(runs.endings_of(run_ids)):
                self.over(run_id, Outcome(*outcome))
        except Unreachable as error:  # who waits for a run waits for the server too
            log.warning("the database does not answer, endings are looked for again: %s", error)

    async def _until_hinted(self) -> None:
        try:
            async with asyncio.timeout(LOOKED_AT_EVERY):
                await self._hint.wait()
        except TimeoutError:
            return
        finally:
            self._hint.clear()
