"""Observers: who sees what a worker does, as it does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Protocol

from mainstem.engine.execute import Outcome
from mainstem.flow.program import Step, StepInfo
from mainstem.model import ClaimedRun

Attempt = Callable[[], Awaitable[Outcome]]
Going = Callable[[], Coroutine[Any, Any, str | None]]
"""Gives the status that a run came to; None when it was left: to wait, or to another worker."""


class Observer(Protocol):
    """Each wraps what it sees, and gives what that gives. A run is seen each time that a worker takes it up."""

    async def run(self, run: ClaimedRun, going: Going) -> str | None: ...
    async def step(
        self, run: ClaimedRun, step: Step[..., Any], info: StepInfo, attempt: Attempt
    ) -> Outcome: ...


class Observers:
    """Several, the first one outermost; none costs nothing."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._all = tuple(reversed(observers))

    def __bool__(self) -> bool:
        return bool(self._all)

    def run(self, run: ClaimedRun, going: Going) -> Coroutine[Any, Any, str | None]:
        for observer in self._all:
            going = partial(observer.run, run, going)
        return going()

    async def step(self, run: ClaimedRun, step: Step[..., Any], info: StepInfo, attempt: Attempt) -> Outcome:
        for observer in self._all:
            attempt = partial(observer.step, run, step, info, attempt)
        return await attempt()
