"""A client in one event loop: its connections, what it starts, and what it waits for."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from mainstem.client.endings import Endings
from mainstem.client.inputs import KnownInputs
from mainstem.client.registering import registration
from mainstem.errors import (
    BadArgument,
    IdempotencyConflict,
    LeaseLost,
    NotFound,
    UnknownWorkflow,
    UnstorableValue,
    ValueRefused,
)
from mainstem.flow.given import Test
from mainstem.flow.parameters import refuse_arguments
from mainstem.flow.program import Workflow
from mainstem.flow.traces import current_traceparent
from mainstem.flow.values import dumped
from mainstem.ids import new_run_id
from mainstem.ledger import runs
from mainstem.ledger.link import Link
from mainstem.ledger.records import StartRecord
from mainstem.model import ACTIVE_VERSION

MOST_STARTS = 500
"""Runs that are begun in one call."""


Begun = tuple[StartRecord, asyncio.Future[tuple[UUID, str]]]
"""A start, and who waits for the run's id and the ledger's answer."""


class Starter(Protocol):
    """A worker in this process: it can begin a run that it owns at once, and tells the ending of what it conducts."""

    loop: asyncio.AbstractEventLoop

    async def start(self, record: StartRecord, workflow_name: str) -> tuple[UUID, str] | None: ...
    def conducts(self, run_id: UUID, org_id: UUID) -> bool: ...


@dataclass(frozen=True, slots=True)
class Start:
    """What was asked for."""

    workflow: Workflow[..., Any] | str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    channel: str | None
    external_id: str | None
    idempotency_key: str | None
    created_by: UUID | None
    priority: int
    tags: tuple[str, ...]
    test: Test | None
    queue: str | None = None
    concurrency_key: str | None = None

    @property
    def name(self) -> str:
        return self.workflow if isinstance(self.workflow, str) else self.workflow.name

    def record(self, org_id: UUID, workflow_id: UUID) -> StartRecord:
        code = None if isinstance(self.workflow, str) else self.workflow
        named = self.kwargs if code is None else code.parameters.named(self.args, self.kwargs)
        input_data = dumped(named, f"the input of workflow {self.name}")
        if code is not None:
            refuse_arguments(code.name, code.parameters, input_data)
        return StartRecord(
            new_run_id(),
            org_id,
            workflow_id,
            self.channel or ("web" if code is None else code.channel),
            input_data,
            workflow_version=ACTIVE_VERSION if code is None else code.version,
            external_id=self.external_id,
            created_by=self.created_by,
            priority=self.priority,
            tags=self.tags,
            queue=self.queue or ("default" if code is None else code.queue),
            idempotency_key=self.idempotency_key,
            request_digest=hashlib.sha256(input_data).digest(),
            traceparent=current_traceparent(),
            concurrency_key=self.concurrency_key,
            is_test=self.test is not None,
            test=None if self.test is None else self.test.as_json(),
        )


class Opened:
    """Connections of one tenant in one event loop. Starts that wait for one another go in one call."""

    def __init__(self, url: str, org_id: UUID, workers: Sequence[Starter]) -> None:
        self.loop = asyncio.get_running_loop()
        self.org_id = org_id
        self.link = Link(url, role="mainstem_app", name="mainstem client", org_id=org_id)
        self.endings = Endings(
            self.link, lambda run_id: any(worker.conducts(run_id, org_id) for worker in workers)
        )
        self.inputs = KnownInputs()
        self._workers = workers
        self._workflow_ids: dict[str, UUID] = {}
        self._opening: asyncio.Task[Any] | None = None
        self._starts: list[Begun] = []
        self._starting: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Opened once, whoever comes first."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(self.link.__aenter__())
        await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Close the connections."""
        await self.endings.close()
        await self.link.__aexit__(None, None, None)

    async def workflow_id(self, workflow: Workflow[..., Any] | str) -> UUID:
        name = workflow if isinstance(workflow, str) else workflow.name
        if name not in self._workflow_ids:
            if isinstance(workflow, str):
                found = await self.link(runs.find_workflow(name))
                if found is None:
                    raise UnknownWorkflow(
                        f"this tenant has no workflow {name!r}",
                        hint="a worker or a client registers it from its code",
                    )
                self._workflow_ids[name] = found
            else:
                self._workflow_ids[name] = await self.link(registration(workflow))
        return self._workflow_ids[name]

    async def start(self, given: Start) -> tuple[UUID, bool]:
        """The run's id, and whether this call began it."""
        record = given.record(self.org_id, await self.workflow_id(given.workflow))
        if isinstance(given.workflow, str):
            mark = (self.org_id, given.workflow, record.workflow_version)
            await self.inputs.refuse(self.link, mark, given.kwargs)
        run_id, answer = await self._begin(record, given.name)
        match answer:
            case "started" | "existing":
                return run_id, answer == "started"
            case "conflict":
                raise IdempotencyConflict(
                    f"key {given.idempotency_key!r} began another run, {run_id}",
                    hint="a new request needs a new key",
                )
            case "no channel":
                raise BadArgument(
                    f"this organization has no channel {record.channel!r}",
                    hint="add it to user_workflow_channel",
                )
            case "no user":
                raise NotFound(f"no user {given.created_by} in this tenant", hint="add the user to app_user")
            case _:
                raise UnknownWorkflow(f"this tenant has no workflow {given.name!r}")

    async def _begin(self, record: StartRecord, name: str) -> tuple[UUID, str]:
        for worker in self._workers:
            if worker.loop is self.loop and (begun := await self._begin_at(worker, record, name)):
                return begun
        done: asyncio.Future[tuple[UUID, str]] = self.loop.create_future()
        self._starts.append((record, done))
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._begin_all())
        return await done

    async def _begin_at(self, worker: Starter, record: StartRecord, name: str) -> tuple[UUID, str] | None:
        try:
            return await worker.start(record, name)
        except LeaseLost:  # its answer may have been lost before
            return (record.run_id, "started") if await self.link(runs.is_there(record.run_id)) else None

    async def _begin_all(self) -> None:
        """Whatever is to be started goes in one call; the next goes when it has committed."""
        while self._starts:
            batch, self._starts = self._starts[:MOST_STARTS], self._starts[MOST_STARTS:]
            await self._begin_batch(batch)

    async def _begin_batch(self, batch: Sequence[Begun]) -> None:
        """In one call; if it is refused, one by one: a start that cannot be stored fails no other."""
        [answers] = await asyncio.gather(self._started(batch), return_exceptions=True)
        if isinstance(answers, ValueRefused) and len(batch) > 1:
            for one in batch:
                await self._begin_batch([one])
            return
        for place, (_record, done) in enumerate(batch):
            if done.done():  # who asked has gone
                continue
            if isinstance(answers, BaseException):
                done.set_exception(answers)
            else:
                done.set_result(answers[place])

    async def _started(self, batch: Sequence[Begun]) -> list[tuple[UUID, str]]:
        try:
            return await self.link(runs.start_runs(self.link.oids, [record for record, _done in batch]))
        except (UnicodeError, struct.error) as refusal:
            raise UnstorableValue(f"the start cannot be sent: {refusal}") from refusal
