"""Branches: where a run's code stands, so that each of its calls has the same name in every replay."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from mainstem.errors import NonDeterministicWorkflow, UnscopedConcurrency
from mainstem.ledger.records import StepRecord
from mainstem.model import RecordedStep

Recorded = dict[tuple[str, int], RecordedStep]
"""Steps by their name and its count."""

PATCHED = "patched:"
"""How the record names that the code asked `patched` and was told that it is new: code that asks no more fits too."""


class Left(BaseException):
    """The run's code is left here: the run waits, or belongs to another worker, or the worker drains.

    No Exception, so that an author's `except Exception` does not catch it.
    """


class Unvisited:
    """What the ledger has of branches that the code has not begun yet; one for the whole run."""

    def __init__(self, recorded: Iterable[RecordedStep]) -> None:
        self._steps: dict[str, Recorded] = {}
        for step in recorded:
            path = step.metadata.get("branch", "")
            self._steps.setdefault(path, {})[step.node_key, step.iteration] = step
        self._counts = Counter(outer for path in self._steps for outer in _outwards(path))

    def take(self, path: str) -> Recorded:
        """The steps of a branch that the code begins now."""
        found = self._steps.pop(path, None)
        if found is not None:
            self._counts.subtract(_outwards(path))
        return found or {}

    def has_within(self, path: str) -> bool:
        """Whether there are steps of branches inside this one: asked at every new step, so it looks through none."""
        return self._counts.get(path, 0) > 0

    def within(self, path: str) -> Iterator[Recorded]:
        """The steps of each branch inside this one."""
        return (steps for inner, steps in self._steps.items() if inner.startswith(path))


def _outwards(path: str) -> Iterator[str]:
    """The path itself and those of the branches around it: "1.0/2.3/", "1.0/" and ""."""
    while path:
        yield path
        path = path[: path.rfind("/", 0, -1) + 1]
    yield ""


@dataclass(slots=True)
class Branch:
    """One branch of a run. Within it calls follow one another: a name and its count name a step."""

    path: str
    """Empty for the run's own code; "1.0/" for the first branch of its first gather, and so on inwards."""
    unvisited: Unvisited
    parent: Branch | None = None
    task: asyncio.Task[Any] | None = None
    gathers: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    recorded: Recorded = field(init=False)
    """What the ledger has of this branch and the code has not come by yet."""

    def __post_init__(self) -> None:
        self.recorded = self.unvisited.take(self.path)

    def branch(self, n: int) -> Branch:
        """The n-th branch, from 0, of the gather that has begun last."""
        return Branch(f"{self.path}{self.gathers}.{n}/", self.unvisited, self)

    def next(self, name: str) -> tuple[int, RecordedStep | None]:
        """The count of this call of `name`, and what is recorded of it.

        Raises NonDeterministicWorkflow when the record goes on with another, UnscopedConcurrency in a foreign task.
        """
        iteration, found = self.find(name)
        if found is None and self._may_have_more():
            self._refuse_a_new_step(f"{name} ({iteration})")
        return iteration, found

    def find(self, name: str) -> tuple[int, RecordedStep | None]:
        """As `next`, whether the record goes on or not."""
        if asyncio.current_task() is not self.task:
            raise UnscopedConcurrency(
                f"{name} was called from a task that the run does not know",
                hint="use mainstem.gather for branches, and a step's timeout= for limits",
            )
        iteration = self.counts[name] = self.counts.get(name, 0) + 1
        return iteration, self.recorded.pop((name, iteration), None)

    def ahead(self, name: str) -> tuple[int, RecordedStep | None]:
        """As `find`, and the next call of the name finds the same."""
        iteration = self.counts.get(name, 0) + 1
        return iteration, self.recorded.get((name, iteration))

    def goes_on_in_the_record(self) -> bool:
        """Whether anything is recorded after this place: then an earlier replay, or older code, was here before."""
        if self.unvisited.has_within(self.path):
            return True
        branch: Branch | None = self
        while branch is not None and not any(True for _ in _real(branch.recorded)):
            branch = branch.parent
        return branch is not None

    def refuse_leftovers(self, found: str) -> None:
        """Raise NonDeterministicWorkflow when the record has steps of this branch, or of branches in it, that the code
        should have come by before `found`.
        """
        place = f"{found} in branch {self.path}" if self.path else found
        _refuse(self.recorded, place)
        if self.unvisited.has_within(self.path):
            for steps in self.unvisited.within(self.path):
                _refuse(steps, place)

    def _may_have_more(self) -> bool:
        """Whether the record could go on with another step: asked at every new one, and seldom so."""
        branch: Branch | None = self
        while branch is not None and not branch.recorded:
            branch = branch.parent
        return branch is not None or self.unvisited.has_within(self.path)

    def _refuse_a_new_step(self, found: str) -> None:
        """Where the code takes a new step, the record ends: also that of the branches that wait for this one's end."""
        self.refuse_leftovers(found)
        outer = self.parent
        while outer is not None:
            _refuse(outer.recorded, f"{found} in branch {self.path}")
            outer = outer.parent


def _refuse(leftover: Recorded, found: str) -> None:
    expected = min(_real(leftover), key=lambda step: step.step_number, default=None)
    if expected is not None:
        raise NonDeterministicWorkflow(
            f"the record goes on with step {expected.step_number}, {expected.node_key} ({expected.iteration}); "
            f"the code with {found}",
            hint="put back the code that the run began with, or let what is new ask `patched`, and resume it",
        )


def _real(recorded: Recorded) -> Iterator[RecordedStep]:
    """Without the marks of `patched`, which code may stop to ask for, and without steps that only stand before their waits."""
    return (
        step
        for step in recorded.values()
        if not step.node_key.startswith(PATCHED) and not (step.status == "pending" and stands_ahead(step))
    )


def stands_ahead(step: RecordedStep) -> bool:
    """Whether a breakpoint stopped the run before what the step waits for, which is recorded after it."""
    return "ahead" in step.metadata.get("breakpoint", {})


here: ContextVar[Branch] = ContextVar("mainstem_branch")


def place_of(run: str, record: StepRecord, branch: Branch) -> str:
    """Where in its run's code a step stands: the same in every replay, which its number is not until it is recorded."""
    return f"{run}:{branch.path}{record.node_key.decode()}:{record.iteration}"
