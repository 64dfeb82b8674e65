"""An incarnation: one life of a worker, between its registration and its leaving or its reaping.

A lease belongs to it, and so does every run that it conducts: what it is not fenced from, it alone writes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID, uuid4

from mainstem.client.endings import Outcome
from mainstem.client.mainstem import Mainstem
from mainstem.engine.cached import Execution
from mainstem.engine.children import Children
from mainstem.engine.conduct import Conduct
from mainstem.engine.deadline import to_its_end
from mainstem.engine.debugging import Breakpoints
from mainstem.engine.executors import Executors
from mainstem.engine.graphs import Graphs
from mainstem.engine.observing import Observers
from mainstem.engine.owned import as_claimed
from mainstem.engine.quarantine import PUT_OFF_FOR, Quarantine
from mainstem.engine.schedules import fire_due
from mainstem.engine.transactions import Transactions
from mainstem.engine.waking import first_of
from mainstem.errors import LeaseLost, MainstemError, Unreachable
from mainstem.flow.program import Workflow
from mainstem.ledger import queue, queues, runs
from mainstem.ledger.call import Call, aperform
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

HINTS = ("mainstem_ready", "mainstem_request", "mainstem_schedule", "mainstem_breakpoint")
"""What the database notifies workers by."""


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


class Employer(Protocol):
    """Whose life it is: a worker."""

    client: Mainstem
    terms: Terms
    workflows: dict[str, Workflow[..., Any]]
    executors: Executors
    observers: Observers


@dataclass(eq=False)
class Incarnation:
    """One life of a worker, between its registration and its leaving or its reaping."""

    worker: Employer
    link: Link
    worker_id: UUID = field(default_factory=uuid4)
    _runs: dict[UUID, tuple[Conduct, asyncio.Task[str | None]]] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _scheduled: asyncio.Event = field(default_factory=asyncio.Event)
    _limited: list[str] = field(default_factory=list)
    _bounds: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    _looked_at_all: float = 0.0
    _starting: set[UUID] = field(default_factory=set)
    _breakpoints: Breakpoints = field(default_factory=Breakpoints)
    _quarantine: Quarantine = field(default_factory=Quarantine)
    _may_own_more: bool = False
    """Whether a claim's answer was lost on its way: the ledger may know of runs of this worker that it does not."""
    _is_draining: bool = False

    def __post_init__(self) -> None:
        self._graphs = Graphs(self.link, self.worker.workflows, self.worker.terms.databases)

    async def live(self, is_alive: asyncio.Event) -> None:
        """Work until it is reaped (LeaseLost) or cancelled."""
        self._recorder = Recorder(self.worker_id, self.link.connection, self._enter)
        self._execution = Execution(
            self.worker.executors,
            self.worker.observers,
            ask=lambda call: self._patiently(lambda: self.link(call)),
        )
        self._children = Children(self.link, self._patiently)
        self._transactions = Transactions(
            self.link.url, self.worker_id, self._patiently, self.worker.executors
        )
        async with AsyncExitStack() as parts:
            parts.push_async_callback(self._transactions.aclose)
            await parts.enter_async_context(self._recorder)
            self._open_steps = await parts.enter_async_context(OpenSteps(self._recorder))
            await parts.enter_async_context(self.link.listening(HINTS, self._heard))
            parts.push_async_callback(self._drop_all)
            await self._breakpoints.look(self._ask)
            is_alive.set()
            looks = self._breakpoints.look_for_ever(self._ask, self.worker.terms.ttl / 3)
            loops = (
                self._claim_for_ever(),
                self._renew_for_ever(),
                self._keep_house(),
                self._fire_for_ever(),
                looks,
            )
            tasks = [asyncio.create_task(loop) for loop in loops]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    if not task.cancelling():  # a second time would break off how a query is given up
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

    def has_place_for(self, workflow_name: str, queue_name: str) -> bool:
        """Whether it would take a run of this workflow from this queue now."""
        workflow = self.worker.workflows.get(workflow_name)
        if workflow is None or self._free() <= 0 or self._recorder.is_fenced:
            return False
        return queue_name == workflow.queue or queue_name in self._queues

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
                self._conduct(
                    as_claimed(record, workflow_name, answer.payload), self.worker.workflows[workflow_name]
                )
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
        hints = {
            "mainstem_ready": self._wake,
            "mainstem_schedule": self._scheduled,
            "mainstem_breakpoint": self._breakpoints.changed,
        }
        hints.get(channel, self._asked).set()

    async def _claim_for_ever(self) -> None:
        while True:
            self._wake.clear()  # before the look, so that what comes meanwhile is not lost
            if self._free() > 0 and await self._patiently(self._claim):
                continue
            await first_of(self._wake, await self._rest())
            self._bounds.clear()

    async def _rest(self) -> float:
        """Seconds until there may be something to claim, if nothing wakes it."""
        if self._free() == 0:  # who gives a slot back wakes it
            return self.worker.terms.poll
        ready_in = await self._patiently(lambda: self.link(queue.ready_in(self._queues)))
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
        if later := self._quarantine.put_off(claimed):
            await self.link(queue.defer(self.worker_id, later, PUT_OFF_FOR))
        for run in claimed:
            self._bounds[run.queue] = (run.priority, run.due_at)
            if run.workflow in self.worker.workflows and run.run_id not in later:
                self._conduct(run, self.worker.workflows[run.workflow])
        if unknown := [
            run for run in claimed if run.workflow not in self.worker.workflows and run.run_id not in later
        ]:
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
            run,
            workflow,
            recorder=self._recorder,
            open_steps=self._open_steps,
            context=self._context_of,
            execution=self._execution,
            children=self._children,
            transactions=self._transactions,
            breakpoints=self._breakpoints,
        )
        going = self.worker.observers.run(run, partial(self._to_its_end, conduct))
        task = asyncio.create_task(going, name=f"run {run.run_id}")
        self._runs[run.run_id] = (conduct, task)
        if run.cancel_requested:
            asyncio.get_running_loop().call_soon(conduct.cancel, run.cancel_reason)

    async def _to_its_end(self, conduct: Conduct) -> str | None:
        run_id = conduct.run.run_id
        ending = None
        try:
            ending = await to_its_end(conduct, self.worker_id, self._ask)
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
            if was_full or ending is None or conduct.run.queue in self._limited:
                self._wake.set()
        return None if ending is None else ending.status

    async def _context_of(self, run: ClaimedRun, key: str, value: bytes | None) -> Any:
        if value is not None:
            return await self._ask(queue.set_context(self.worker_id, run, key, value))
        entries = await self._ask(runs.get_context(run.run_id, key))
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
            await first_of(self._asked, self.worker.terms.ttl / 3)

    async def _fire_for_ever(self) -> None:
        while True:
            self._scheduled.clear()
            await first_of(self._scheduled, await self._patiently(lambda: fire_due(self.link)))

    async def _keep_house(self) -> None:
        while True:
            self._limited = await self._ask(queues.limited_queues())
            await self._reap()
            for call in (queue.end_overdue(), queue.end_stuck_backends()):
                await self._ask(call)
            await self._patiently(lambda: maintain(self.link))
            await asyncio.sleep(self.worker.terms.ttl / 3)

    async def _reap(self) -> None:
        """All that is due now: the rest would wait for the next look, and with it whoever waits for those runs."""
        freed = queue.MOST_FREED
        while freed >= queue.MOST_FREED:
            _workers, freed = await self._ask(queue.reap())

    async def _ask(self, call: Call[Any]) -> Any:
        return await self._patiently(lambda: self.link(call))

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
