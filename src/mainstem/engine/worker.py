"""A worker: claims runs under its lease, conducts them, renews the lease, and drains when asked.

A lease belongs to an incarnation. A worker that was silent for too long finds its own reaped: it drops what it runs
and begins a new one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Self
from uuid import UUID

from mainstem.client.mainstem import Mainstem
from mainstem.engine.executors import Executors
from mainstem.engine.incarnation import LOOKS_FOR_SERVER_EVERY, Incarnation, Terms
from mainstem.engine.observing import Observer, Observers
from mainstem.errors import LeaseLost, Unreachable
from mainstem.flow.executors import StepExecutor
from mainstem.flow.program import Workflow
from mainstem.ledger.link import Link
from mainstem.ledger.records import StartRecord

__all__ = ["Terms", "Worker"]

log = logging.getLogger(__name__)


class Worker:
    """Runs of these workflows, in this process: `async with Worker(ms, [claim_intake]) as worker`.

    It begins to claim at once, for every tenant; what is started through `ms` here begins here, while a slot is free.
    On leaving it drains: claims nothing more, lets steps in progress end within the grace, and gives its runs to others.
    executors: where steps run that ask for one, by its name, in place of the usual ones and beside them.
    observers: see what it does, as Tracing and WorkerMetrics do.
    Raises what keeps it from its first registration: Unreachable, RightsMissing.
    """

    def __init__(
        self,
        client: Mainstem,
        workflows: Sequence[Workflow[..., Any]],
        terms: Terms | None = None,
        *,
        executors: Mapping[str, StepExecutor] | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.client = client
        self.terms = terms or Terms()
        self.executors = Executors(executors)
        self.observers = Observers(observers)
        self.workflows = {workflow.name: workflow for workflow in workflows}
        self._life: Incarnation | None = None
        self._is_alive = asyncio.Event()
        self._is_leaving = False
        self._task: asyncio.Task[None]
        self.loop: asyncio.AbstractEventLoop

    async def __aenter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        url = await asyncio.to_thread(lambda: self.client.url)
        await self.executors.start()
        self._task = asyncio.create_task(self._live_for_ever(url), name="mainstem worker")
        alive = asyncio.create_task(self._is_alive.wait())
        await asyncio.wait((alive, self._task), return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():  # it could not begin: say why
            alive.cancel()
            await self.executors.stop()
            self._task.result()
        self.client.attach(self)
        for workflow in self.workflows.values():
            if workflow.schedules:
                await self.client.register(workflow)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.detach(self)
        self._is_leaving = True
        if self._life is not None:
            await self._life.drain()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.executors.stop()

    @property
    def worker_id(self) -> UUID | None:
        """Its present incarnation."""
        return None if self._life is None else self._life.worker_id

    async def start(self, record: StartRecord, workflow_name: str) -> tuple[UUID, str] | None:
        """Begin a run here, owned from the start; None when there is no free slot, not the code, or its queue has limits."""
        life = self._life
        if life is None or not life.has_place_for(workflow_name, record.queue):
            return None
        run_id, answer = await life.start(record, workflow_name)
        return None if answer == "held" else (run_id, answer)

    def conducts(self, run_id: UUID, org_id: UUID) -> bool:
        """Whether this tenant's run is in work here; its ending will be told to the client."""
        return self._life is not None and self._life.conducts(run_id, org_id)

    async def wait(self) -> None:
        """Until it can work no longer, which raises why: nobody is told otherwise."""
        await asyncio.shield(self._task)

    async def _live_for_ever(self, url: str) -> None:
        while not self._is_leaving:
            try:
                await self._live(url)
            except LeaseLost as lost:
                log.warning("a new incarnation begins: %s", lost)
            except Unreachable as error:
                if not self._is_alive.is_set():
                    raise
                log.warning("no new incarnation yet: %s", error)
                await asyncio.sleep(LOOKS_FOR_SERVER_EVERY)

    async def _live(self, url: str) -> None:
        async with Link(url, role="mainstem_worker", name="mainstem worker", size=3) as link:
            self._life = Incarnation(self, link)
            try:
                await self._life.live(self._is_alive)
            finally:
                self._life = None
