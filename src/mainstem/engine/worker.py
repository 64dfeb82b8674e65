"""A worker: claims runs under its lease, conducts them, renews the lease, and drains when asked.

A lease belongs to an incarnation. A worker that was silent for too long finds its own reaped: it drops what it runs
and begins a new one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from mainstem.client import Mainstem, Outcome
from mainstem.engine.conduct import Conduct
from mainstem.engine.graphs import Graphs
from mainstem.errors import LeaseLost, MainstemError, Unreachable
from mainstem.flow.program import Workflow
from mainstem.ledger import queue, runs
from mainstem.ledger.call import aperform
from mainstem.ledger.link import Link
from mainstem.ledger.maintenance import maintain
from mainstem.ledger.open_steps import OpenSteps
from mainstem.ledger.recorder import STARTS, Recorder
from mainstem.ledger.records import StartRecord
from mainstem.model import ClaimedRun

log = logging.getLogger(__name__)

LOOKS_FOR_SERVER_EVERY = 0.2
"""Seconds between two tries while the database does not answer."""

HELD_FOR = 0.05
"""Seconds until a run is looked at again that is due and that somebody else has locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a worker works: what changes together."""

    slots: int = 100
    """Runs that it conducts at once."""
    queues: tuple[str, ...] = ()
    """None: those that its workflows name."""
    ttl: float = 15.0
    """Seconds that its lease lasts; renewed every third of it. Others take its runs when it has been silent so long."""
    poll: float = 1.0
    """Seconds between two looks at the whole queue when nothing wakes it."""
    grace: float = 10.0
    """Seconds that steps in progress may take to end when it drains."""
    unknown: float = 5.0
    """Seconds until a run is looked at again whose workflow it has no code for."""
    graphs: bool = False
    """Whether it runs published graphs too, with its own modules for nodes of kind python."""
    databases: Mapping[str, str] = field(default_factory=dict)
    """URLs by name, for nodes of kind sql."""


class Worker:
    """Runs of these workflows, in this process: `async with Worker(ms, [claim_intake]) as worker`.

    It begins to claim at once, for every tenant; what is started through `ms` here begins here, while a slot is free.
    On leaving it drains: claims nothing more, lets steps in progress end within the grace, and gives its runs to others.
    Raises what keeps it from its first registration: Unreachable, RightsMissing.
    """

    def __init__(
        self, client: Mainstem, workflows: Sequence[Workflow[..., Any]], terms: Terms | None = None
    ) -> None:
        self.client = client
        self.terms = terms or Terms()
        self.workflows = {workflow.name: workflow for workflow in workflows}
        self._life: Incarnation | None = None
        self._is_alive = asyncio.Event()
        self._is_leaving = False
        self._task: asyncio.Task[None]
        self.loop: asyncio.AbstractEventLoop

    async def __aenter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        url = await asyncio.to_thread(lambda: self.client.url)
        self._task = asyncio.create_task(self._live_for_ever(url), name="mainstem worker")
        alive = asyncio.create_task(self._is_alive.wait())
        await asyncio.wait((alive, self._task), return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():  # it could not begin: say why
            alive.cancel()
            self._task.result()
        self.client.attach(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.detach(self)
        self._is_leaving = True
        if self._life is not None:
            await self._life.drain()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def worker_id(self) -> UUID | None:
        """Its present incarnation."""
        return None if self._life is None else self._life.worker_id

    async def start(self, record: StartRecord, workflow_name: str) -> tuple[UUID, str] | None:
        """Begin a run here, owned from the start; None when there is no free slot, or not the code."""
        life = self._life
        if life is None or not life.has_place_for(workflow_name):
            return None
        return await life.start(record, workflow_name)

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


@dataclass(eq=False)
class Incarnation:
    """One life of a worker, between its registration and its leaving or its reaping."""

    worker: Worker
    link: Link
    worker_id: UUID = field(default_factory=uuid4)
    _runs: dict[UUID, tuple[Conduct, asyncio.Task[None]]] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _bounds: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    _looked_at_all: float = 0.0
    _starting: set[UUID] = field(default_factory=set)
    _may_own_more: bool = False
    """Whether a claim's answer was lost on its way: the ledger may know of runs of this worker that it does not."""
    _is_draining: bool = False

    def __post_init__(self) -> None:
        self._graphs = Graphs(self.link, self.worker.workflows, self.worker.terms.databases)

    async def live(self, is_alive: asyncio.Event) -> None:
        """Work until it is reaped (LeaseLost) or cancelled."""
        self._recorder = Recorder(self.worker_id, self.link.connection, self._enter)
        async with AsyncExitStack() as parts:
            await parts.enter_async_context(self._recorder)
            self._open_steps = await parts.enter_async_context(OpenSteps(self._recorder))
            await parts.enter_async_context(
                self.link.listening(("mainstem_ready", "mainstem_request"), self._heard)
            )
            parts.push_async_callback(self._drop_all)
            is_alive.set()
            loops = (self._claim_for_ever(), self._renew_for_ever(), self._keep_house())
            tasks = [asyncio.create_task(loop) for loop in loops]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Claim nothing more, let the steps in progress end, give the runs to others."""
        self._is_draining = True
        for conduct, _task in self._runs.values():
            conduct.leave()
        if tasks := [task for _conduct, task in self._runs.values()]:
            await asyncio.wait(tasks, timeout=self.worker.terms.grace)
        await self._drop_all()
        try:
            await self.link(queue.leave(self.worker_id))
        except Unreachable as error:
            log.warning("left without a word, the lease will end by itself: %s", error)

    def has_place_for(self, workflow_name: str) -> bool:
        """Whether it would take a run of this workflow now."""
        return workflow_name in self.worker.workflows and self._free() > 0 and not self._recorder.is_fenced

    def conducts(self, run_id: UUID, org_id: UUID) -> bool:
        """Whether this tenant's run is in work here."""
        return run_id in self._runs and self._runs[run_id][0].run.org_id == org_id

    async def start(self, record: StartRecord, workflow_name: str) -> tuple[UUID, str]:
        """Begin a run that it owns from the start, in the next flush; its id and answer (see _start_runs_v1)."""
        return await asyncio.shield(self._begin(record, workflow_name))  # it owns it, whoever still waits

    async def _begin(self, record: StartRecord, workflow_name: str) -> tuple[UUID, str]:
        self._starting.add(record.run_id)
        try:
            [answer] = await self._recorder.put(STARTS, record)
            if answer.kind == "started":
                self._conduct(queue.as_claimed(record, workflow_name), self.worker.workflows[workflow_name])
        finally:
            self._starting.discard(record.run_id)
        return answer.run_id, answer.kind

    def _free(self) -> int:
        return 0 if self._is_draining else self.worker.terms.slots - len(self._runs)

    @property
    def _queues(self) -> list[str]:
        own = {workflow.queue for workflow in self.worker.workflows.values()}
        own |= {"default"} if self.worker.terms.graphs else set()
        return list(self.worker.terms.queues or sorted(own))

    async def _enter(self, conn: Any) -> None:
        terms = self.worker.terms
        capabilities = {
            "workflows": sorted(self.worker.workflows),
            "queues": self._queues,
            "slots": terms.slots,
        }
        await aperform(
            conn,
            queue.register_worker(
                self.worker_id,
                host=socket.gethostname(),
                pid=os.getpid(),
                capabilities=capabilities,
                ttl=terms.ttl,
            ),
        )

    def _heard(self, channel: str) -> None:
        (self._wake if channel == "mainstem_ready" else self._asked).set()

    async def _claim_for_ever(self) -> None:
        while True:
            self._wake.clear()  # before the look, so that what comes meanwhile is not lost
            if self._free() > 0 and await self._patiently(self._claim):
                continue
            await _first_of(self._wake, await self._rest())
            self._bounds.clear()

    async def _rest(self) -> float:
        """Seconds until there may be something to claim, if nothing wakes it."""
        if self._free() == 0:  # who gives a slot back wakes it
            return self.worker.terms.poll
        ready_in = await self._patiently(lambda: self.link(queue.ready_in()))
        if ready_in is None:
            return self.worker.terms.poll
        # due and not claimed: somebody holds it
        return min(self.worker.terms.poll, max(0.001, ready_in) if ready_in > 0 else HELD_FOR)

    async def _claim(self) -> bool:
        """Claim what fits; whether there may be more at once."""
        if self._may_own_more:
            await self.link(queue.give_back(self.worker_id, [*self._runs, *self._starting]))
        wanted = self._free()
        now = asyncio.get_running_loop().time()
        # what became ready meanwhile may lie before the bounds
        if now - self._looked_at_all > self.worker.terms.poll:
            self._bounds.clear()
        bounded = bool(self._bounds)
        self._looked_at_all = self._looked_at_all if bounded else now
        self._may_own_more = True
        claimed = await self.link(queue.claim(self.worker_id, self._queues, wanted, self._bounds))
        for run in claimed:
            self._bounds[run.queue] = (run.priority, run.due_at)
            if run.workflow in self.worker.workflows:
                self._conduct(run, self.worker.workflows[run.workflow])
        if unknown := [run for run in claimed if run.workflow not in self.worker.workflows]:
            await self._conduct_graphs(unknown)
        self._may_own_more = False
        if len(claimed) < wanted:
            self._bounds.clear()
            return bounded
        return True

    async def _conduct_graphs(self, claimed: list[ClaimedRun]) -> None:
        """Of runs that it has no code for: those of published graphs run, the others are given back."""
        unknown = []
        for run in claimed:
            workflow = await self._graphs.workflow_of(run) if self.worker.terms.graphs else None
            if workflow is None:
                unknown.append(run.run_id)
            else:
                self._conduct(run, workflow)
        if unknown:
            await self.link(queue.defer(self.worker_id, unknown, self.worker.terms.unknown))

    def _conduct(self, run: ClaimedRun, workflow: Workflow[..., Any]) -> None:
        conduct = Conduct(
            run, workflow, recorder=self._recorder, open_steps=self._open_steps, context=self._context_of
        )
        task = asyncio.create_task(self._to_its_end(conduct), name=f"run {run.run_id}")
        self._runs[run.run_id] = (conduct, task)
        if run.cancel_requested:
            asyncio.get_running_loop().call_soon(conduct.cancel, run.cancel_reason)

    async def _to_its_end(self, conduct: Conduct) -> None:
        run_id = conduct.run.run_id
        ending = None
        try:
            ending = await conduct.to_its_end()
            if ending is not None:
                output = json.loads(ending.output_data or b"null")
                self.worker.client.ended(run_id, Outcome(ending.status, output, ending.error_message))
        except MainstemError as error:
            log.warning("run %s could not be recorded to its end: %s", run_id, error)
        finally:
            was_full = self._free() == 0
            self._runs.pop(run_id, None)
            if ending is None:  # its end will be told by the ledger; and it may be due before the next look
                self.worker.client.left()
            if was_full or ending is None:
                self._wake.set()

    async def _context_of(self, run: ClaimedRun, key: str, value: bytes | None) -> Any:
        if value is not None:
            return await self._patiently(lambda: self.link(runs.set_context(run.run_id, key, value)))
        entries = await self._patiently(lambda: self.link(runs.get_context(run.run_id, key)))
        return entries[0].value if entries else None

    async def _renew_for_ever(self) -> None:
        while True:
            self._asked.clear()
            for request in await self._patiently(lambda: self.link(queue.heartbeat(self.worker_id))):
                conduct, _task = self._runs.get(request.run_id, (None, None))
                if conduct is None or conduct.run.epoch != request.epoch:
                    continue
                if request.cancel_requested:
                    conduct.cancel(request.cancel_reason)
                elif request.signals:
                    conduct.waits.look_again()
            await _first_of(self._asked, self.worker.terms.ttl / 3)

    async def _keep_house(self) -> None:
        while True:
            await self._patiently(lambda: self.link(queue.reap()))
            await self._patiently(lambda: self.link(queue.end_stuck_backends()))
            await self._patiently(lambda: maintain(self.link))
            await asyncio.sleep(self.worker.terms.ttl / 3)

    async def _patiently(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        """Until the database answers. Raises LeaseLost when this incarnation is over."""
        while True:
            if self._recorder.is_fenced:
                raise LeaseLost(f"worker {self.worker_id} was reaped")
            try:
                return await attempt()
            except Unreachable as error:
                log.warning("the database does not answer, trying again: %s", error)
                await asyncio.sleep(LOOKS_FOR_SERVER_EVERY)

    async def _drop_all(self) -> None:
        for conduct, task in self._runs.values():
            conduct.leave()
            task.cancel()
        tasks = [task for _conduct, task in self._runs.values()]
        await asyncio.gather(*tasks, return_exceptions=True)


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, or so many seconds have passed."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
