"""The client: start runs, read them, ask things of them.

Each verb gives a Pending: `await` it in async code, or call `.wait()` in sync code. The verb is written once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID

from mainstem.client.amending import Amending
from mainstem.client.endings import Endings, Outcome
from mainstem.client.opened import Opened, Start, Starter
from mainstem.client.pending import Pending
from mainstem.client.schedules import Schedules, registered
from mainstem.errors import RunCancelled, RunFailed, SchemaMissing, SchemaOlder
from mainstem.flow.given import Test
from mainstem.flow.program import Workflow
from mainstem.flow.values import dumped, loaded
from mainstem.graph.answers import refuse_answer
from mainstem.ledger import runs, step_cache
from mainstem.ledger.approvals import Approvals, answer_approval, list_approvals, read_approval
from mainstem.ledger.catalog import refuse_misfit
from mainstem.ledger.runs import Filter
from mainstem.ledger.search import Count, Query, count_runs, find_runs, parsed
from mainstem.ledger.step_cache import CachePage
from mainstem.model import DEFAULT_ORG, ContextEntry, FoundPage, Page, Run
from mainstem.postgres import Server, connect, serving

T = TypeVar("T")


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


class Mainstem(Amending):
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
        self._thread: threading.Thread
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
            self._thread.join()
            background.close()
        self._opened.close()
        self._server = None

    def attach(self, worker: Starter) -> None:
        """Let a worker in this process begin what is started here; `Worker` does so."""
        self._workers.append(worker)

    def detach(self, worker: Starter) -> None:
        """Undo `attach`."""
        self._workers.remove(worker)

    @property
    def schedules(self) -> Schedules:
        """What is started by itself."""
        return Schedules(self._pending)

    # Runs.

    def register(self, workflow: Workflow[..., Any]) -> Pending[UUID]:
        """The id of the workflow in this tenant, entered with the schedules that its code declares. Starting one enters it too."""
        return self._pending(lambda opened: registered(opened, workflow))

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
        queue: str | None = None,
        concurrency_key: str | None = None,
        test: Test | None = None,
        **kwargs: Any,
    ) -> Pending[RunHandle]:
        """Start a run; it is durable when this returns. A workflow by its name takes its input as keywords.

        idempotency_key: the same key gives the same run, for 30 days; with another input it raises
        IdempotencyConflict. priority: a higher one is claimed first. queue: another than the workflow's. concurrency_key:
        runs of a queue with the same share its limit per key. test: it is a test run, and what its steps are given.
        Further: UnknownWorkflow, BadArgument (channel), NotFound (created_by), ValueRefused.
        """
        rest = (channel, external_id, idempotency_key, created_by, priority, tuple(tags), test)
        given = Start(workflow, args, kwargs, *rest, queue=queue, concurrency_key=concurrency_key)

        async def ask(opened: Opened) -> RunHandle:
            run_id, is_new = await opened.start(given)
            return RunHandle(run_id, self, None if isinstance(workflow, str) else workflow, is_new)

        return self._pending(ask)

    def result(self, run_id: UUID, workflow: Workflow[..., Any] | None = None) -> Pending[Any]:
        """Wait until a run has ended, and give what it returned; of a paused run it waits on.

        Raises RunFailed, RunCancelled, NotFound.
        """

        async def ask(opened: Opened) -> Any:
            output = _output_of(await opened.endings.wait_for(run_id))
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

    def find_runs(
        self,
        q: str | Query = "",
        *,
        sort: str = "-created",
        limit: int = 50,
        after: str | None = None,
        budget: float = 10.0,
    ) -> Pending[FoundPage]:
        """A page of the runs that a filter finds, as in the console's query bar: `status:failed started:>-24h`.

        budget: seconds that it looks for what is rare; then the page says how far it came. Raises FilterUnreadable,
        BadArgument.
        """
        call = find_runs(_query(q), sort=sort, limit=limit, after=after, budget=budget)
        return self._pending(lambda opened: opened.link(call))

    def count_runs(self, q: str | Query = "", *, budget: float = 10.0) -> Pending[Count]:
        """How many runs a filter finds; exact to 10,000. Raises FilterUnreadable."""
        call = count_runs(_query(q), budget=budget)
        return self._pending(lambda opened: opened.link(call))

    def retry(self, run_id: UUID, *, from_step: int | None = None) -> Pending[str]:
        """Take back a run that failed, timed out or is paused: `pending` for a worker, `running` for its callers.

        from_step: that step and all that began after it are done again; what they gave stays in the run's events.
        Raises NotFound, RunIsOver, StateRefused, DrivenElsewhere.
        """
        return self._pending(lambda opened: opened.link(runs.retry_run(run_id, from_step=from_step)))

    def cancel(self, run_id: UUID, *, reason: str | None = None) -> Pending[str]:
        """`cancelled`, or `requested` when a worker has it, who follows soon. Raises NotFound, RunIsOver."""
        return self._pending(lambda opened: opened.link(runs.cancel_run(run_id, reason)))

    def resume(self, run_id: UUID, *, step_over: bool = False) -> Pending[None]:
        """Let a paused run go on, past the breakpoint that it stands before.

        step_over: it pauses again before the step after that one. Raises NotFound, RunIsOver, StateRefused.
        """
        return self._pending(lambda opened: opened.link(runs.resume_run(run_id, step_over=step_over)))

    def signal(self, run_id: UUID, name: str, payload: Any = None) -> Pending[UUID]:
        """Send a signal; its id. It is never lost, whether the run waits already or not. Each call sends another.

        Raises NotFound, RunIsOver, DrivenElsewhere, ValueRefused.
        """
        text = dumped(payload, f"the payload of signal {name}")
        return self._pending(lambda opened: opened.link(runs.send_signal(run_id, name, text)))

    def signal_key(
        self, workflow: Workflow[..., Any] | str, key: str, name: str, payload: Any = None
    ) -> Pending[int]:
        """Send a signal to the runs of a workflow whose external id is the key and that are not over: to how many.

        Raises NotFound when there is none, ValueRefused.
        """
        text = dumped(payload, f"the payload of signal {name}")
        named = workflow if isinstance(workflow, str) else workflow.name
        return self._pending(lambda opened: opened.link(runs.signal_key(named, key, name, text)))

    def approvals(
        self, *, assignee: str | None = None, limit: int = 50, after: str | None = None
    ) -> Pending[Approvals]:
        """A page of the approvals that runs wait for. Raises BadArgument."""
        call = list_approvals(assignee=assignee, limit=limit, after=after)
        return self._pending(lambda opened: opened.link(call))

    def answer(self, step_id: UUID, answer: Any, *, by: str | None = None) -> Pending[UUID]:
        """Answer an approval, once. by: who did, as the ledger keeps it.

        Raises AnswerRefused when the answer does not fit the form, NotFound, StepIsOver when it takes none any more.
        """
        text = dumped(answer, "the answer")

        async def ask(opened: Opened) -> UUID:
            refuse_answer((await opened.link(read_approval(step_id))).form, loaded(text))
            return await opened.link(answer_approval(step_id, text, by))

        return self._pending(ask)

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

    def list_cached(
        self,
        *,
        step: str | None = None,
        workflow: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Pending[CachePage]:
        """Results that steps are given again, latest first."""
        call = step_cache.list_cached(limit=limit, after=after, step=step, workflow=workflow)
        return self._pending(lambda opened: opened.link(call))

    def clear_cache(
        self, *, step: str | None = None, workflow: str | None = None, key: str | None = None
    ) -> Pending[int]:
        """Forget cached results: of a step, of what a workflow's runs made, of one key, or all; how many."""
        call = step_cache.clear(step=step, workflow=workflow, key=key)
        return self._pending(lambda opened: opened.link(call))

    def ended(self, run_id: UUID, outcome: Outcome) -> None:
        """Told by a worker in this process, so that who waits here need not ask the database whether it is over."""
        self._tell(lambda endings: endings.over(run_id, outcome))

    def left(self) -> None:
        """Told by a worker in this process when a run waits, or went to another: its end will be told by the ledger."""
        self._tell(lambda endings: endings.look())

    def _tell(self, news: Callable[[Endings], None]) -> None:
        for opened in list(self._loops.values()):
            if not opened.loop.is_closed():
                opened.loop.call_soon_threadsafe(news, opened.endings)

    # Loops.

    def _pending(self, ask: Callable[[Opened], Coroutine[Any, Any, T]]) -> Pending[T]:
        async def asked() -> T:
            return await ask(await self._open())

        return Pending(asked, self._background_loop)

    async def _open(self) -> Opened:
        loop = asyncio.get_running_loop()
        if (opened := self._loops.get(loop)) is None:
            url = await asyncio.to_thread(lambda: self.url)
            opened = self._loops.setdefault(loop, Opened(url, self.org_id, self._workers))
        await opened.ready()
        return opened

    def _background_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._background is None:
                self._background = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._background.run_forever, name="mainstem client", daemon=True
                )
                self._thread.start()
            return self._background


def _query(q: str | Query) -> Query:
    return parsed(q) if isinstance(q, str) else q


def _output_of(outcome: Outcome) -> Any:
    match outcome.status:
        case "completed":
            return outcome.output
        case "cancelled":
            raise RunCancelled(outcome.error_message or "cancelled")
        case status:
            raise RunFailed(outcome.error_message or status, status=status)


def _fit(server: Server) -> None:
    """See that the schema fits; in the embedded database install it, as nobody else would."""
    with connect(server.url, role=None, application_name="mainstem guard") as conn:
        try:
            refuse_misfit(conn)
        except (SchemaMissing, SchemaOlder):
            if not server.embedded:
                raise
            from mainstem.ledger.install import upgrade  # Alembic is half of what would be imported

            upgrade(conn)
