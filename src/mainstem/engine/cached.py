"""Cached steps: a result that is there is given, one that another run makes is waited for, one that nobody has is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from mainstem.engine.execute import Done, Failed, Outcome, attempted, execute
from mainstem.engine.executors import Executors
from mainstem.engine.observing import Observers
from mainstem.errors import UnstorableValue
from mainstem.flow.program import Step, StepInfo
from mainstem.flow.values import loaded
from mainstem.ledger import step_cache
from mainstem.ledger.call import Call
from mainstem.ledger.open_steps import OpenStep
from mainstem.ledger.step_cache import Place, Taken
from mainstem.model import ClaimedRun

ASKED_AGAIN = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds between two looks at what another makes; the last one from then on."""

Run = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A result that a step asks for."""

    step: Step[..., Any]
    place: Place
    key: str
    label: str
    seconds: float

    @classmethod
    def of(cls, run: ClaimedRun, opened: OpenStep, step: Step[..., Any], named: Mapping[str, Any]) -> Wanted:
        """named: the arguments by name. What the cache's key function raises comes out."""
        cache: Any = step.cache
        shared = {"tenant": "", "workflow": run.workflow, "run": str(run.run_id)}[cache.scope]
        told = {"name": step.name, "at": _reference(step), "scope": cache.scope, "within": shared}
        label = (opened.record.input_data or b"").decode()
        place = Place(run, opened.record.step_number)
        return cls(step, place, cache.digest(told, named), label, cache.seconds)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a worker executes steps. ask: performs a call, for as long as the database needs to answer."""

    executors: Executors
    observers: Observers
    ask: Callable[[Call[Any]], Awaitable[Any]]

    async def outcome(
        self,
        step: Step[..., Any],
        args: Any,
        kwargs: Any,
        *,
        run: ClaimedRun,
        opened: OpenStep,
        info: StepInfo,
    ) -> Outcome:
        """Of one attempt: its function's, or that of another which the step's cache has."""
        if step.cache is None and not self.observers:
            return await execute(step, args, kwargs, info, self.executors)
        running = partial(execute, step, args, kwargs, info, self.executors)
        attempt = partial(self.observers.step, run, step, info, running)
        if step.cache is None:
            return await attempt()
        wanted = attempted(lambda: Wanted.of(run, opened, step, step.parameters.named(args, kwargs)))
        if isinstance(wanted, Failed):
            return wanted
        return await self._shared(wanted, opened, attempt)

    async def _shared(self, wanted: Wanted, opened: OpenStep, run: Run) -> Outcome:
        """From the cache, noted as such, or what the function made, which is kept if it did not fail."""
        taken = await self._taken(wanted)
        if taken.answer == "there":
            output = (taken.output_data or "").encode()
            try:
                found = wanted.step.read_result(loaded(output))
            except UnstorableValue:  # of a type that the step does not give any more
                return await run()
            opened.notes["cached_from"] = _made_by(taken)
            return Done(output, found)
        outcome = await run()
        made = outcome.output if isinstance(outcome, Done) else None
        await self.ask(step_cache.fill(wanted.key, wanted.place, made, wanted.seconds))
        return outcome

    async def _taken(self, wanted: Wanted) -> Taken:
        asked = 0
        while True:
            taken: Taken = await self.ask(
                step_cache.take(wanted.key, wanted.place, step=wanted.step.name, label=wanted.label)
            )
            if taken.answer != "held":
                return taken
            await asyncio.sleep(ASKED_AGAIN[min(asked, len(ASKED_AGAIN) - 1)])
            asked += 1


def _reference(step: Step[..., Any]) -> str:
    """Which function it is; of a script and of a function within another, what can be said."""
    return f"{step.function.__module__}:{step.function.__qualname__}"


def _made_by(taken: Taken) -> dict[str, Any]:
    at = None if taken.created_at is None else taken.created_at.isoformat()
    return {"run_id": str(taken.run_id), "step_number": taken.step_number, "at": at}
