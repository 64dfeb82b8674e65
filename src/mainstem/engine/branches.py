"""Branches: where a run's code stands, so that each of its calls has the same name in every replay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from mainstem.errors import NonDeterministicWorkflow, UnscopedConcurrency
from mainstem.model import RecordedStep


class Left(BaseException):
    """The run's code is left here: the run waits, or belongs to another worker, or the worker drains.

    No Exception, so that an author's `except Exception` does not catch it.
    """


@dataclass(slots=True)
class Branch:
    """One branch of a run. Within it calls follow one another: a name and its count name a step."""

    path: str
    """Empty for the run's own code; "1.0/" for the first branch of its first gather, and so on inwards."""
    recorded: dict[tuple[str, int], RecordedStep]
    """What the ledger has of this branch and the code has not come by yet."""
    task: asyncio.Task[Any] | None = None
    gathers: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, path: str, steps: Iterable[RecordedStep]) -> Branch:
        of_branch = (step for step in steps if step.metadata.get("branch", "") == path)
        return cls(path, {(step.node_key, step.iteration): step for step in of_branch})

    def next(self, name: str) -> tuple[int, RecordedStep | None]:
        """The count of this call of `name`, and what is recorded of it.

        Raises NonDeterministicWorkflow when the record goes on with another, UnscopedConcurrency in a foreign task.
        """
        if asyncio.current_task() is not self.task:
            raise UnscopedConcurrency(
                f"{name} was called from a task that the run does not know",
                hint="use mainstem.gather for branches, and a step's timeout= for limits",
            )
        iteration = self.counts[name] = self.counts.get(name, 0) + 1
        found = self.recorded.pop((name, iteration), None)
        if found is None and self.recorded:
            self.refuse_leftovers(f"{name} ({iteration})")
        return iteration, found

    def refuse_leftovers(self, found: str) -> None:
        """Raise NonDeterministicWorkflow when the record has steps that the code should have come by before `found`."""
        if self.recorded:
            expected = min(self.recorded.values(), key=lambda step: step.step_number)
            raise NonDeterministicWorkflow(
                f"the record goes on with step {expected.step_number}, {expected.node_key} ({expected.iteration}); "
                f"the code with {found}",
                hint="put back the code that the run began with and resume it, or cancel it",
            )


here: ContextVar[Branch] = ContextVar("mainstem_branch")
