"""Branches: where a run's code stands, so that each of its calls has the same name in every replay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from mainstem.errors import NonDeterministicWorkflow, UnscopedConcurrency
from mainstem.ledger.records import StepRecord
from mainstem.model import RecordedStep

Recorded = dict[tuple[str, int], RecordedStep]
"""Steps by their name and its count."""


class Left(BaseException):
    """The run's code is left here: the run waits, or belongs to another worker, or the worker drains.

    No Exception, so that an author's `except Exception` does not catch it.
    """


@dataclass(slots=True)
class Branch:
    """One branch of a run. Within it calls follow one another: a name and its count name a step."""

    path: str
    """Empty for the run's own code; "1.0/" for the first branch of its first gather, and so on inwards."""
    unvisited: dict[str, Recorded]
    """What the ledger has of branches that the code has not begun yet, by path; one for the whole run."""
    parent: Branch | None = None
    task: asyncio.Task[Any] | None = None
    gathers: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    recorded: Recorded = field(init=False)
    """What the ledger has of this branch and the code has not come by yet."""

    def __post_init__(self) -> None:
        self.recorded = self.unvisited.pop(self.path, {})

    def branch(self, n: int) -> Branch:
        """The n-th branch, from 0, of the gather that has begun last."""
        return Branch(f"{self.path}{self.gathers}.{n}/", self.unvisited, self)

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
        if found is None:
            self._refuse_a_new_step(f"{name} ({iteration})")
        return iteration, found

    def refuse_leftovers(self, found: str) -> None:
        """Raise NonDeterministicWorkflow when the record has steps of this branch, or of branches in it, that the code
        should have come by before `found`.
        """
        if self.recorded or self.unvisited:
            within = (steps for path, steps in self.unvisited.items() if path.startswith(self.path))
            for steps in (self.recorded, *within):
                _refuse(steps, f"{found} in branch {self.path}" if self.path else found)

    def _refuse_a_new_step(self, found: str) -> None:
        """Where the code takes a new step, the record ends: also that of the branches that wait for this one's end."""
        self.refuse_leftovers(found)
        outer = self.parent
        while outer is not None:
            _refuse(outer.recorded, f"{found} in branch {self.path}")
            outer = outer.parent


def _refuse(leftover: Recorded, found: str) -> None:
    if leftover:
        expected = min(leftover.values(), key=lambda step: step.step_number)
        raise NonDeterministicWorkflow(
            f"the record goes on with step {expected.step_number}, {expected.node_key} ({expected.iteration}); "
            f"the code with {found}",
            hint="put back the code that the run began with and resume it, or cancel it",
        )


def by_branch(steps: Iterable[RecordedStep]) -> dict[str, Recorded]:
    """The recorded steps of a run by the path of their branch."""
    found: dict[str, Recorded] = {}
    for step in steps:
        found.setdefault(step.metadata.get("branch", ""), {})[step.node_key, step.iteration] = step
    return found


here: ContextVar[Branch] = ContextVar("mainstem_branch")


def place_of(record: StepRecord, branch: Branch) -> str:
    """Where in its run's code a step stands: the same in every replay, which its number is not until it is recorded."""
    return f"{record.run_id}:{branch.path}{record.node_key.decode()}:{record.iteration}"
