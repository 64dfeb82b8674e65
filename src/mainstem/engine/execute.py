"""One attempt of a step: its function runs, and what came of it is a value."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mainstem.engine.executors import Executors
from mainstem.errors import MainstemError, ValueRefused
from mainstem.flow.executors import RaisedElsewhere, StepCall, within
from mainstem.flow.program import Step, StepInfo, stepping
from mainstem.flow.values import dumped, loaded, storable_text
from mainstem.ledger.cancellation import times_cancelled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """It returned: the JSON text of its result, and the result as a replay would give it."""

    output: bytes
    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """It raised."""

    error: Exception

    @property
    def message(self) -> str:
        return storable_text(str(self.error) or type(self.error).__name__)

    @property
    def error_type(self) -> str:
        raised = self.error
        return raised.error_type if isinstance(raised, RaisedElsewhere) else type(raised).__name__

    @property
    def details(self) -> bytes:
        """Class, code and traceback, as the ledger keeps them."""
        frames = "".join(traceback.format_exception(self.error)[-12:])
        code = self.error.code if isinstance(self.error, MainstemError) else None
        told = {"type": self.error_type, "code": code, "traceback": storable_text(frames)[-8000:]}
        return json.dumps({key: value for key, value in told.items() if value is not None}).encode()

    def rest(self, step: Step[..., Any], attempt: int) -> float | None:
        """Seconds until the next attempt, or None. A result that cannot be stored is none the next time either."""
        return None if isinstance(self.error, ValueRefused) else step.retry.rest_after(self.error, attempt)


Outcome = Done | Failed


class CancelledByItself(Exception):
    """The author's code let a CancelledError out that nobody asked for: of a task of its own that was cancelled."""

    def __str__(self) -> str:
        return "something that the code waited for was cancelled"


async def execute(
    step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], info: StepInfo, executors: Executors
) -> Outcome:
    """Run the function of `step` once, within its timeout, where it asks to be run."""
    token = stepping.set(info)
    try:
        if (executor := executors.named_by(step)) is not None:
            output = await executor.run(StepCall(step, args, kwargs, info))
        else:
            running = step.run(*args, **kwargs)
            result = await (running if step.timeout is None else within(step.timeout, step.name, running))
            output = dumped(result, f"the output of step {step.name}")
        return Done(output, step.read_result(loaded(output)))
    except asyncio.CancelledError:
        if times_cancelled():
            raise
        return Failed(CancelledByItself())
    except Exception as error:  # noqa: BLE001  (whatever the author's code raises is the step's outcome, not ours)
        return Failed(error)
    finally:
        stepping.reset(token)


def attempted(make: Callable[[], T]) -> T | Failed:
    """What a function of the author's gives that is no step's, or what it raises."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001  (as above)
        return Failed(error)
