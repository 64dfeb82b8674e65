"""Programs: workflows and steps as their author writes them.

Inside a run, what is called here is done by the run's Conductor (the engine's), which gives back what the ledger has
recorded. Outside of a run a step just runs its function.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, update_wrapper
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeVar, get_type_hints, overload
from uuid import UUID

from mainstem.errors import NotInRun
from mainstem.flow.cache import Cache
from mainstem.flow.parameters import Parameters
from mainstem.flow.retry import Retry
from mainstem.flow.threads import in_thread
from mainstem.flow.transactional import connection_parameter, given_connection
from mainstem.flow.values import dumped, reader, storable_text

P = ParamSpec("P")
R = TypeVar("R")
Seconds = float | timedelta
OnFailure = Literal["fail", "pause"]


class Conductor(Protocol):
    """What a run does for its code. Each call is durable before it returns."""

    async def call(self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any: ...
    async def wait_for_signal(self, name: str, seconds: float | None) -> Any: ...
    async def sleep(self, seconds: float) -> None: ...
    async def gather(self, branches: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]: ...
    async def map(self, function: Callable[[Any], Any], items: Sequence[Any], limit: int) -> list[Any]: ...
    async def child(self, asked: Any, *, awaited: bool) -> Any: ...
    async def approval(self, question: Any) -> Any: ...
    async def recorded(self, name: str, make: Callable[[datetime], Any]) -> Any: ...
    async def patched(self, name: str) -> bool: ...
    async def set_context(self, key: str, value: Any) -> None: ...
    async def get_context(self, key: str) -> Any: ...
    async def skip(self, reasons: Mapping[str, str]) -> None: ...
    def recorded_outputs(self, name: str) -> list[Any]: ...
    def place(self) -> str: ...
    async def is_settled(self, name: str, inputs: Mapping[str, Any]) -> bool: ...


@dataclass(slots=True)
class StepInfo:
    """The attempt of a step that runs now, as its function may ask for it."""

    run_id: UUID
    step_number: int
    attempt: int
    """From 1."""
    idempotency_key: str
    """The same in every attempt of this step, wherever it runs, and in no other step: for the services that it calls."""
    record_event: Callable[[str, bytes], None]
    record_screenshot: Callable[[Any], None]
    record_endpoint: Callable[[Any], None]
    record_usage: Callable[[dict[str, Any]], None]
    traceparent: str | None = None
    """For the services that it calls, as the header of this name: which span of a trace this is, where one is kept."""


conducting: ContextVar[Conductor | None] = ContextVar("mainstem_run", default=None)
stepping: ContextVar[StepInfo | None] = ContextVar("mainstem_step", default=None)


class Step(Generic[P, R]):
    """A function whose result is recorded. Made by `@step`."""

    def __init__(
        self,
        function: Callable[P, Awaitable[R] | R],
        *,
        name: str | None,
        retry: Retry,
        timeout: float | None,
        executor: str | None = None,
        resources: Mapping[str, float] | None = None,
        cache: Cache | None = None,
        transactional: bool = False,
    ) -> None:
        self.function = function
        self.name = name or function.__name__
        self.retry = retry
        self.timeout = timeout
        self.executor = executor
        self.resources = dict(resources or {})
        self.cache = cache
        self.is_async = inspect.iscoroutinefunction(function)
        self.connection = connection_parameter(function) if transactional else None
        self.parameters = Parameters.of(function, without=self.connection)
        self.read_result = reader(get_type_hints(function).get("return", Any))
        update_wrapper(self, function)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        run = _conductor(f"transactional step {self.name}") if self.connection else conducting.get()
        if run is None or stepping.get() is not None:  # within a step another one is part of it
            return await self.run(*args, **kwargs)
        return await run.call(self, args, kwargs)  # type: ignore[no-any-return]

    async def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function itself; a plain one in a thread, so that it holds up nobody."""
        if self.is_async:
            return await self.function(*args, **kwargs)  # type: ignore[misc, no-any-return]
        return await in_thread(partial(self.function, *args, **kwargs))  # type: ignore[arg-type]

    def within(self, connection: Any) -> Step[P, R]:
        """This step as its function is called in a transaction."""
        bound = copy(self)
        bound.function = partial(given_connection, self.function, self.connection, connection)
        return bound


class Workflow(Generic[P, R]):
    """Code that runs durably, under a name. Made by `@workflow`; started through a client."""

    def __init__(
        self,
        function: Callable[P, Awaitable[R]],
        *,
        name: str,
        version: int,
        channel: str,
        queue: str,
        timeout: float | None = None,
        on_failure: OnFailure = "fail",
    ) -> None:
        self.function = function
        self.name = name
        self.version = version
        self.channel = channel
        self.queue = queue
        self.schedules: tuple[Any, ...] = ()
        """What @schedule declared (flow.schedule.Declared)."""
        self.timeout = timeout
        self.on_failure = on_failure
        self.parameters = Parameters.of(function)
        self.read_result = reader(get_type_hints(function).get("return", Any))
        update_wrapper(self, function)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the code here and now, without a ledger: for tests of its logic."""
        return await self.function(*args, **kwargs)


@overload
def step(function: Callable[P, Coroutine[Any, Any, R]], /) -> Step[P, R]: ...
@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...
@overload
def step(
    *,
    name: str | None = None,
    retry: Retry | None = None,
    timeout: Seconds | None = None,
    executor: str | None = None,
    resources: Mapping[str, float] | None = None,
    cache: Cache | None = None,
) -> _StepDecorator: ...
@overload
def step(
    *,
    transactional: Literal[True],
    name: str | None = None,
    retry: Retry | None = None,
    timeout: Seconds | None = None,
) -> _TransactionalDecorator: ...
def step(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    retry: Retry | None = None,
    timeout: Seconds | None = None,
    executor: str | None = None,
    resources: Mapping[str, float] | None = None,
    cache: Cache | None = None,
    transactional: bool = False,
) -> Any:
    """Make a function a step: recorded exactly once, executed at least once.

    name: under which it is recorded; the function's own when None. retry: three attempts when None.
    timeout: of one attempt; a plain function's thread cannot be stopped, its late result is dropped.
    executor: where its function runs: "process", "ray", or one that the worker was given; in the worker's own process
    when None. resources: what it takes of that one while it runs ({"cpu": 2, "gpu": 1}). cache: how long its result
    stands for the same input, and for whom.
    transactional: the function, an async one, is given a psycopg AsyncConnection (the parameter of that type, or the
    first, which callers leave out) in a transaction of some seconds whose commit records the step too: both or neither.
    """
    if transactional and (executor is not None or cache is not None):
        raise ValueError(
            "a transactional step runs in the worker, and its result is recorded with its transaction: no executor, no cache"
        )
    if resources and executor is None:
        raise ValueError("resources are an executor's: name it too, as in executor='process'")

    def decorate(function: Any) -> Step[..., Any]:
        return Step(
            function,
            name=name,
            retry=retry or Retry(),
            timeout=None if timeout is None else seconds(timeout),
            executor=executor,
            resources=resources,
            cache=cache,
            transactional=transactional,
        )

    return decorate if function is None else decorate(function)


class _StepDecorator(Protocol):
    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Step[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Step[P, R]: ...


class _TransactionalDecorator(Protocol):
    def __call__(self, function: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]], /) -> Step[P, R]: ...


def workflow(
    name: str,
    *,
    version: int = 1,
    channel: str = "web",
    queue: str = "default",
    timeout: Seconds | None = None,
    on_failure: OnFailure = "fail",
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Workflow[P, R]]:
    """Make an async function a workflow. Its code must do the same again when it is given the same results:
    whatever else it needs (time, chance, the world) comes from a step.

    channel: of runs that are started without one. queue: the workers that serve it.
    timeout: of a run, from its first start, its waits included; then it ends as `timeout`.
    on_failure: what an error does that the code lets out: the run fails, or pauses until somebody retries it, patches or
    skips its failed step, or lets it go on with mended code.
    """

    def decorate(function: Callable[P, Coroutine[Any, Any, R]]) -> Workflow[P, R]:
        return Workflow(
            function,
            name=name,
            version=version,
            channel=channel,
            queue=queue,
            timeout=None if timeout is None else seconds(timeout),
            on_failure=on_failure,
        )

    return decorate


async def wait_for_signal(name: str, *, timeout: Seconds | None = None) -> Any:
    """The payload of the next signal of this name, sent before, during or after the wait begins. The run holds no
    worker meanwhile. Raises SignalTimedOut when none comes in time, and NotInRun outside of a run.
    """
    return await _conductor("wait_for_signal").wait_for_signal(
        name, None if timeout is None else seconds(timeout)
    )


async def sleep(duration: Seconds) -> None:
    """Rest; the run holds no worker meanwhile, and goes on when the time has come, whatever was restarted."""
    await _conductor("sleep").sleep(seconds(duration))


async def gather(*branches: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run branches of a workflow side by side; their results in order. All run to their end; then the first error, by
    place, is raised. Each branch may call steps, wait and gather.
    """
    try:
        return await _conductor("gather").gather(branches)
    finally:
        for branch in branches:  # those that did not even begin
            branch.close()


async def set_context(key: str, value: Any) -> None:
    """Set a key of the run's context, once for each time the code comes by."""
    await _conductor("set_context").set_context(key, value)


async def get_context(key: str) -> Any:
    """A key of the run's context as it was when the code first came by; None when it was not set."""
    return await _conductor("get_context").get_context(key)


async def skip(reasons: Mapping[str, str]) -> None:
    """Record steps that the code passed over, each with why: they show as skipped."""
    await _conductor("skip").skip(reasons)


def recorded_outputs(name: str) -> list[Any]:
    """What the steps of this name gave that the run had recorded when its code began, in any branch: for code that must not
    decide again what was decided.
    """
    return _conductor("recorded_outputs").recorded_outputs(name)


def place() -> str:
    """The branch of the run that calls this, by a name that it has in every replay; empty for the run's own code."""
    return _conductor("place").place()


async def is_settled(name: str, inputs: Mapping[str, Any]) -> bool:
    """Whether what the next call of this name gives is known already, so that nothing need be waited for that leads to it: a
    test run is given it, or somebody patched it at a breakpoint. A breakpoint at the name stops the run here.
    """
    return await _conductor("is_settled").is_settled(name, inputs)


def step_info() -> StepInfo:
    """The attempt that runs now. Raises NotInRun outside of a step."""
    if (info := stepping.get()) is None:
        raise NotInRun(
            "this is only known inside a step that runs in a workflow", hint="call it in a @step function"
        )
    return info


def add_event(event_type: str, event_data: Any = None) -> None:
    """Record an event with the step that runs now; outside of a run it is dropped, as the step is not recorded."""
    if (info := stepping.get()) is not None:
        told = dumped({} if event_data is None else event_data, f"event {event_type}")
        info.record_event(storable_text(event_type)[:100], told)


def add_screenshot(screenshot: dict[str, Any]) -> None:
    """Record a screenshot (where it lies, what it shows) with the step that runs now."""
    if (info := stepping.get()) is not None:
        info.record_screenshot(json.loads(dumped(screenshot, "a screenshot")))


def used_endpoint(endpoint: str | dict[str, Any]) -> None:
    """Record that the step that runs now called an endpoint; the run lists them all."""
    if (info := stepping.get()) is not None:
        info.record_endpoint(json.loads(dumped(endpoint, "an endpoint")))


def days(number: float) -> timedelta:
    """So many days."""
    return timedelta(days=number)


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def seconds(duration: Seconds) -> float:
    """A duration in seconds."""
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)


def _conductor(what: str) -> Conductor:
    run = conducting.get()
    if run is None or stepping.get() is not None:
        raise NotInRun(
            f"{what} only has a meaning in a workflow's own code while it runs",
            hint="start the workflow through a client; in a step, return instead",
        )
    return run
