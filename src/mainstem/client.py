"""The client: start runs, read them, ask things of them.

Each verb gives a Pending: `await` it in async code, or call `.wait()` in sync code. The verb is written once.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

from mainstem.errors import (
    BadArgument,
    IdempotencyConflict,
    NotFound,
    RunCancelled,
    RunFailed,
    SchemaMissing,
    SchemaOlder,
    UnknownWorkflow,
)
from mainstem.flow.program import Workflow
from mainstem.flow.values import dumped
from mainstem.ids import new_run_id
from mainstem.ledger import runs
from mainstem.ledger.catalog import refuse_misfit
from mainstem.ledger.install import upgrade
from mainstem.ledger.link import Link
from mainstem.ledger.records import StartRecord
from mainstem.ledger.runs import Filter
from mainstem.model import DEFAULT_ORG, ContextEntry, Page, Run
from mainstem.postgres import Server, connect, serving

T = TypeVar("T")


class Pending(Generic[T]):
    """Something asked and not yet done: `await` it, or `.wait()` for it in code that is not async."""

    def __init__(
        self, ask: Callable[[], Coroutine[Any, Any, T]], background: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        self._ask = ask
        self._background = background

    def __await__(self) -> Generator[Any, Any, T]:
        return self._ask().__await__()

    def wait(self) -> T:
        """Do it now, from code that is not async."""
        return asyncio.run_coroutine_threadsafe(self._ask(), self._background()).result()


class Starter(Protocol):
    """A worker in this process, which can begin a run that it owns at once."""

    async def start(self, record: StartRecord, workflow_name: str) -> tuple[UUID, str] | None: ...


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A run that was started."""

    run_id: UUID
    client: Mainstem
    workflow: Workflow[..., Any] | None
    is_new: bool = True
    """False when its idempotency key had begun it before."""

    def result(self) -> Pending[Any]:
        """What the workflow returned, as it is annotated. Raises RunFailed (also for a timeout) and RunCancelled."""
        return self.client.result(self.run_id, self.workflow)


class Mainstem:
    """One tenant's way into the ledger. `with` or `async with` closes what it opened; one client serves many tasks.

    url: of any PostgreSQL 15 to 18; None starts the embedded server, or joins it, and installs the schema there.
    org_id: the tenant; the organization that always exists when None. data: the embedded server's directory.
    Raises what `mainstem db check` would tell, with the repairing command, when the schema does not fit.
    """

    def __init__(
        self, url: str | None = None, *, org_id: UUID | None = None, data: Path | None = None
    ) -> None:
        self.org_id = org_id or DEFAULT_ORG
        self._given = url
        self._data = data
        self._opened = ExitStack()
        self._server: Server | None = None
        self._lock = threading.Lock()
        self._loops: dict[asyncio.AbstractEventLoop, Opened] = {}
        self._background: asyncio.AbstractEventLoop | None = None
        self._workers: list[Starter] = []

    # Opening and closing.

    @property
    def url(self) -> str:
        """Where the database is; the first call opens it."""
        with self._lock:
            if self._server is None:
                self._server = self._opened.enter_context(serving(self._given, data=self._data))
                _fit(self._server)
            return self._server.url

    def __enter__(self) -> Self:
        _ = self.url
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(lambda: self.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        if opened := self._loops.pop(asyncio.get_running_loop(), None):
            await opened.close()
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Close what this client opened; the embedded server stops when nobody else uses it."""
        background, self._background = self._background, None
        if background is not None:
            opened = self._loops.pop(background, None)
            if opened is not None:
                asyncio.run_coroutine_threadsafe(opened.close(), background).result()
            background.call_soon_threadsafe(background.stop)
        self._opened.close()
        self._server = None

    def attach(self, worker: Starter) -> None:
        """Let a worker in this process begin what is started here; `Worker` in `mainstem.work` does so."""
        self._workers.append(worker)

    def detach(self, worker: Starter) -> None:
        """Undo `attach`."""
        self._workers.remove(worker)

    # Runs.

    def register(self, workflow: Workflow[..., Any]) -> Pending[UUID]:
        """The id of the workflow in this tenant, entered the first time. Starting one registers it too."""
        return self._pending(lambda opened: opened.workflow_id(workflow))

    def start(
        self,
        workflow: Workflow[..., Any] | str,
        *args: Any,
        channel: str | None = None,
        external_id: str | None = None,
        idempotency_key: str | None = None,
        created_by: UUID | None = None,
        priority: int = 0,
        tags: Sequence[str] = (),
        **kwargs: Any,
    ) -> Pending[RunHandle]:
        """Start a run; it is durable when this returns. A workflow by its name takes its input as keywords.

        idempotency_key: the same key gives the same run, for 30 days; with another input it raises
        IdempotencyConflict. Further: UnknownWorkflow, BadArgument (channel), NotFound (created_by), ValueRefused.
        """
        given = _Start(
            workflow, args, kwargs, channel, external_id, idempotency_key, created_by, priority, tuple(tags)
        )
        return self._pending(lambda opened: opened.start(given))

    def result(self, run_id: UUID, workflow: Workflow[..., Any] | None = None) -> Pending[Any]:
        """Wait until a run has ended, and give what it returned; of a paused run it waits on.

        Raises RunFailed, RunCancelled, NotFound.
        """

        async def ask(opened: Opened) -> Any:
            output = await opened.output_of(run_id)
            return output if workflow is None else workflow.read_result(output)

        return self._pending(ask)

    def get_run(self, run_id: UUID) -> Pending[Run]:
        """A run with its steps, in one query. Raises NotFound."""
        return self._pending(lambda opened: opened.link(runs.read_run(run_id)))

    def list_runs(
        self, which: Filter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Pending[Page]:
        """A page of runs, latest first; `after` is the `next` of the page before. Raises BadArgument."""
        return self._pending(
            lambda opened: opened.link(runs.list_runs(which or Filter(), limit=limit, after=after))
        )

    def cancel(self, run_id: UUID, *, reason: str | None = None) -> Pending[str]:
        """`cancelled`, or `requested` when a worker has it, who follows soon. Raises NotFound, RunIsOver."""
        return self._pending(lambda opened: opened.link(runs.cancel_run(run_id, reason)))

    def resume(self, run_id: UUID) -> Pending[None]:
        """Let a paused run go on. Raises NotFound, StateRefused."""
        return self._pending(lambda opened: opened.link(runs.resume_run(run_id)))

    def signal(self, run_id: UUID, name: str, payload: Any = None) -> Pending[UUID]:
        """Send a signal; its id. It is never lost, whether the run waits already or not. Each call sends another.

        Raises NotFound, RunIsOver, DrivenElsewhere, ValueRefused.
        """
        text = dumped(payload, f"the payload of signal {name}")
        return self._pending(lambda opened: opened.link(runs.send_signal(run_id, name, text)))

    def complete(
        self, run_id: UUID, status: str = "completed", error_message: str | None = None
    ) -> Pending[None]:
        """End a run that its callers move (driver `caller`). Raises NotFound, RunIsOver, DrivenElsewhere."""
        return self._pending(lambda opened: opened.link(runs.complete_run(run_id, status, error_message)))

    def set_context(self, run_id: UUID, key: str, value: Any) -> Pending[None]:
        """Set a key of a run's context; the last one stands. Raises NotFound, RunIsOver, ValueRefused."""
        text = dumped(value, f"context {key}")
        return self._pending(lambda opened: opened.link(runs.set_context(run_id, key, text)))

    def get_context(self, run_id: UUID, key: str | None = None) -> Pending[list[ContextEntry]]:
        """All keys of a run's context, or one."""
        return self._pending(lambda opened: opened.link(runs.get_context(run_id, key)))

    def ended(self, run_id: UUID, status: str) -> None:
        """Told by a worker in this process, so that who waits here need not ask the database whether it is over."""
        for opened in list(self._loops.values()):
            opened.loop.call_soon_threadsafe(opened.endings.over, run_id, status)

    # Loops.

    def _pending(self, ask: Callable[[Opened], Coroutine[Any, Any, T]]) -> Pending[T]:
        async def asked() -> T:
            return await ask(await self._open())

        return Pending(asked, self._background_loop)

    async def _open(self) -> Opened:
        loop = asyncio.get_running_loop()
        if (opened := self._loops.get(loop)) is None:
            url = await asyncio.to_thread(lambda: self.url)
            opened = self._loops.setdefault(loop, Opened(self, url, loop))
        await opened.ready()
        return opened

    def _background_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._background is None:
                self._background = asyncio.new_event_loop()
                threading.Thread(
                    target=self._background.run_forever, name="mainstem client", daemon=True
                ).start()
            return self._background


@dataclass(frozen=True, slots=True)
class _Start:
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

    @property
    def name(self) -> str:
        return self.workflow if isinstance(self.workflow, str) else self.workflow.name

    def record(self, org_id: UUID, workflow_id: UUID) -> StartRecord:
        code = None if isinstance(self.workflow, str) else self.workflow
        named = self.kwargs if code is None else code.parameters.named(self.args, self.kwargs)
        input_data = dumped(named, f"the input of workflow {self.name}")
        return StartRecord(
            new_run_id(),
            org_id,
            workflow_id,
            self.channel or ("web" if code is None else code.channel),
            input_data,
            workflow_version=1 if code is None else code.version,
            external_id=self.external_id,
            created_by=self.created_by,
            priority=self.priority,
            tags=self.tags,
            queue="default" if code is None else code.queue,
            idempotency_key=self.idempotency_key,
            request_digest=hashlib.sha256(input_data).digest(),
        )


class Opened:
    """A client in one event loop: its connections, the starts that wait for one another, and who waits for endings."""

    def __init__(self, client: Mainstem, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.link = Link(url, role="mainstem_app", name="mainstem client", org_id=client.org_id)
        self.endings = Endings(self.link)
        self._client = client
        self._workflow_ids: dict[str, UUID] = {}
        self._opening: asyncio.Task[Any] | None = None
        self._starts: list[tuple[StartRecord, asyncio.Future[tuple[UUID, str]]]] = []
        self._starting: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self.link.__aenter__())
        await asyncio.shield(self._opening)

    async def close(self) -> None:
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
                self._workflow_ids[name] = await self.link(runs.register_workflow(name, workflow.__doc__))
        return self._workflow_ids[name]

    async def start(self, given: _Start) -> RunHandle:
        record = given.record(self._client.org_id, await self.workflow_id(given.workflow))
        run_id, answer = await self._begin(record, given.name)
        match answer:
            case "started" | "existing":
                code = None if isinstance(given.workflow, str) else given.workflow
                return RunHandle(run_id, self._client, code, is_new=answer == "started")
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
        for worker in self._client._workers:  # noqa: SLF001  (the client's other half)
            if (begun := await worker.start(record, name)) is not None:
                return begun
        done: asyncio.Future[tuple[UUID, str]] = self.loop.create_future()
        self._starts.append((record, done))
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._begin_all())
        return await done

    async def _begin_all(self) -> None:
        """Whatever is to be started goes in one call; the next goes when it has committed."""
        while self._starts:
            batch, self._starts = self._starts[:500], self._starts[500:]
            call = runs.start_runs(self.link.oids, [record for record, _done in batch])
            results = await asyncio.gather(self.link(call), return_exceptions=True)
            for place, (_record, done) in enumerate(batch):
                if isinstance(results[0], BaseException):
                    done.set_exception(results[0])
                else:
                    done.set_result(results[0][place])

    async def output_of(self, run_id: UUID) -> Any:
        await self.endings.wait_for(run_id)
        status, output, message = await self.link(runs.outcome(run_id))
        if status == "completed":
            return output
        if status == "cancelled":
            raise RunCancelled(message or "cancelled")
        raise RunFailed(message or status, status=status)


HINTED_AT_MOST_EVERY = 0.02
"""Seconds between two looks at runs that are waited for, however often something changes."""

LOOKED_AT_EVERY = 1.0
"""Seconds between two looks when nothing is heard."""


class Endings:
    """Who waits for which run to end, in one event loop: one query asks for all."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._awaited: dict[UUID, list[asyncio.Future[None]]] = {}
        self._hint = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait_for(self, run_id: UUID) -> None:
        """Until a run is over. Raises NotFound for one that is not there."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited.setdefault(run_id, []).append(done)
        if self._task is None:
            self._task = asyncio.create_task(self._look_for_ever(), name="mainstem endings")
        status, _output, _message = await self._link(runs.outcome(run_id))
        self.over(run_id, status)
        await done

    def over(self, run_id: UUID, status: str) -> None:
        """A run has this status now."""
        if status in ("completed", "failed", "cancelled", "timeout"):
            for done in self._awaited.pop(run_id, ()):
                if not done.done():
                    done.set_result(None)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        async with self._link.listening(("mainstem_change",), lambda _channel: self._hint.set()):
            while True:
                await _either(self._hint.wait(), LOOKED_AT_EVERY)
                self._hint.clear()
                if self._awaited:
                    for run_id, status in await self._link(runs.ended_among(list(self._awaited))):
                        self.over(run_id, status)
                await asyncio.sleep(HINTED_AT_MOST_EVERY)


async def _either(heard: Awaitable[Any], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await heard
    except TimeoutError:
        return


def _fit(server: Server) -> None:
    """See that the schema fits; in the embedded database install it, as nobody else would."""
    with connect(server.url, role=None, application_name="mainstem guard") as conn:
        try:
            refuse_misfit(conn)
        except (SchemaMissing, SchemaOlder):
            if not server.embedded:
                raise
            upgrade(conn)
