"""One attempt of a step: its function runs, and what came of it is a value."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from mainstem.errors import MainstemError, StepTimedOut, ValueRefused
from mainstem.flow.program import Step, StepInfo, stepping
from mainstem.flow.values import dumped, loaded, storable_text


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
    def details(self) -> bytes:
        """Class, code and traceback, as the ledger keeps them."""
        frames = "".join(traceback.format_exception(self.error)[-12:])
        code = self.error.code if isinstance(self.error, MainstemError) else None
        told = {"type": type(self.error).__name__, "code": code, "traceback": storable_text(frames)[-8000:]}
        return json.dumps({key: value for key, value in told.items() if value is not None}).encode()

    def rest(self, step: Step[..., Any], attempt: int) -> float | None:
        """Seconds until the next attempt, or None. A result that cannot be stored is none the next time either."""
        return None if isinstance(self.error, ValueRefused) else step.retry.rest_after(self.error, attempt)


Outcome = Done | Failed


class CancelledByItself(Exception):
    """The author's code let a CancelledError out that nobody asked for: of a task of its own that was cancelled."""

    def __str__(self) -> str:
        return "something that the code waited for was cancelled"


def is_cancelled() -> bool:
    """Whether somebody asked the present task to stop."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def execute(
    step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], info: StepInfo
) -> Outcome:
    """Run the function of `step` once, within its timeout."""
    token = stepping.set(info)
    try:
        running = step.run(*args, **kwargs)
        result = await (running if step.timeout is None else _within(step.timeout, step.name, running))
        output = dumped(result, f"the output of step {step.name}")
        return Done(output, step.read_result(loaded(output)))
    except asyncio.CancelledError:
        if is_cancelled():
            raise
        return Failed(CancelledByItself())
    except Exception as error:  # noqa: BLE001  (whatever the author's code raises is the step's outcome, not ours)
        return Failed(error)
    finally:
        stepping.reset(token)


async def _within(seconds: float, name: str, running: Awaitable[Any]) -> Any:
    """Raises StepTimedOut when that takes longer; a time-out of its own comes out as it is."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await running
    except TimeoutError as error:
        if limit.expired():
            raise StepTimedOut(
                f"step {name} took longer than {seconds:g} s", hint="give it a longer timeout"
            ) from error
        raise
