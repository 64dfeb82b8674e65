"""Executors: where the function of a step runs. Their contract, and how a call gets to another process and back."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pickle
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from mainstem.errors import StepNotFound, StepTimedOut, UnstorableValue
from mainstem.flow.program import Step, StepInfo, stepping
from mainstem.flow.values import dumped

Tell = Callable[..., None]
"""Takes what a step records while it runs: the kind (event, screenshot, endpoint, usage), and what StepInfo's
function of that kind takes."""


@dataclass(frozen=True, slots=True)
class StepCall:
    """One attempt of a step, to be run."""

    step: Step[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    info: StepInfo

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def timeout(self) -> float | None:
        """Seconds that the function may take, from when it begins."""
        return self.step.timeout

    @property
    def resources(self) -> Mapping[str, float]:
        """What it asks for: cpu, gpu, and whatever else the executor knows."""
        return self.step.resources

    def sent(self) -> SentCall:
        """As another process takes it. Raises StepNotFound."""
        silent: dict[str, Any] = {f"record_{kind}": _nowhere for kind in KINDS}
        return SentCall(
            reference_of(self.step), self.name, self.args, dict(self.kwargs), replace(self.info, **silent)
        )

    def packed(self) -> bytes:
        """`sent` as bytes. Raises StepNotFound, UnstorableValue."""
        try:
            return pickle.dumps(self.sent(), pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as refusal:
            raise UnstorableValue(
                f"the input of step {self.name} cannot be sent to another process: {refusal}",
                hint="give values that pickle takes, or let the step run in the worker's own process",
            ) from refusal


class StepExecutor(Protocol):
    """Runs functions of steps for a worker, which starts it before the first call and stops it after the last.

    `run` gives the JSON text of what the function returned (`values.dumped`), and raises what it raised. Further:
    StepTimedOut after call.timeout; ExecutorLost when what ran the function is gone, however far it had come;
    ResourcesMissing when it will never have what the call asks for. When the task that waits in `run` is cancelled,
    the function is stopped too, as far as this executor can; nothing that it does afterwards is recorded.
    """

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def run(self, call: StepCall) -> bytes: ...


KINDS = ("event", "screenshot", "endpoint", "usage")


@dataclass(frozen=True, slots=True)
class SentCall:
    """A call as plain data, the function by its name: another process has the same code."""

    reference: str
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    info: StepInfo

    def function(self) -> Callable[..., Any]:
        """Its function, as this process has it. Raises StepNotFound."""
        return function_at(self.reference)

    def perform(self, function: Callable[..., Any], tell: Tell) -> bytes:
        """Run the function here; the JSON text of its result. An async one gets a loop of its own."""
        telling: dict[str, Any] = {f"record_{kind}": partial(tell, kind) for kind in KINDS}
        token = stepping.set(replace(self.info, **telling))
        try:
            return performed(function, self.args, self.kwargs, self.name)
        finally:
            stepping.reset(token)


def performed(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str
) -> bytes:
    """Call it in this thread; the JSON text of its result."""
    result = function(*args, **kwargs)
    if inspect.iscoroutine(result):
        result = asyncio.run(result)
    return dumped(result, f"the output of step {name}")


def retell(info: StepInfo, kind: str, told: tuple[Any, ...]) -> None:
    """Record with the step here what its function told elsewhere."""
    getattr(info, f"record_{kind}")(*told)


async def within(seconds: float | None, name: str, running: Awaitable[Any]) -> Any:
    """Raises StepTimedOut when that takes longer; a time-out of its own comes out as it is."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await running
    except TimeoutError as error:
        if limit.expired():
            raise timed_out(name, seconds) from error
        raise


def timed_out(name: str, seconds: float | None) -> StepTimedOut:
    return StepTimedOut(f"step {name} took longer than {seconds:g} s", hint="give it a longer timeout")


def reference_of(step: Step[..., Any]) -> str:
    """The module and name by which another process finds the step's function. Raises StepNotFound."""
    module, name = step.function.__module__, step.function.__qualname__
    if "<" in name:
        raise StepNotFound(
            f"step {step.name} is {name} of {module}, which only this process has",
            hint="define it at the top of a module",
        )
    return f"{module}:{name}"


def function_at(reference: str) -> Callable[..., Any]:
    """The function of the step at `module:name`. Raises StepNotFound."""
    module, _, name = reference.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ModuleNotFoundError, AttributeError) as error:
        raise StepNotFound(
            f"there is no step at {reference} in the process that is to run it: {error}",
            hint="has it the same code, and the same path, as the worker?",
        ) from error
    return found.function if isinstance(found, Step) else found


class RaisedElsewhere(Exception):
    """Stands for an exception that cannot be sent from the process which raised it; error_type names its class."""

    def __init__(self, message: str, error_type: str, retry_after: Any) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception on its way from one process to another: it arrives, whatever it is."""

    pickled: bytes
    error_type: str
    message: str
    retry_after: Any
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        asked = getattr(error, "retry_after", None)
        return cls(
            _pickled(error),
            type(error).__name__,
            str(error),
            asked if isinstance(asked, int | float) else None,
            "".join(traceback.format_exception(error)[-12:]),
        )

    def error(self, place: str) -> Exception:
        """To be raised here: the exception itself where it could be sent. place: where its trace is from."""
        found = pickle.loads(self.pickled) if self.pickled else None  # noqa: S301  (from a process of ours)
        if not isinstance(found, Exception):
            found = RaisedElsewhere(self.message, self.error_type, self.retry_after)
        found.add_note(f"in {place}:\n{self.trace}")
        return found


def _pickled(error: BaseException) -> bytes:
    """Empty for one that does not come back from it the same."""
    try:
        text = pickle.dumps(error)
        same = type(pickle.loads(text)) is type(error)  # noqa: S301  (what was made in the line before)
    except BaseException:  # noqa: BLE001  (an exception's own __reduce__ and __init__ raise what they like)
        return b""
    return text if same else b""


def _nowhere(*_: Any) -> None:
    """What a step records while it is on its way: nothing."""
