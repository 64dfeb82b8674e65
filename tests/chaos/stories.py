"""Runs as a model has them: what a person would expect of each, without a ledger, a worker or a clock of its own."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

ACTS = ("work", "fail", "wait", "rest")
RESTS = 3600.0
MOST_LOST = 3
"""Workers that may be lost with a run, and no step ended in between, until it is paused."""
OVER = ("completed", "failed", "cancelled")


@dataclass
class Told:
    """A step of a run."""

    status: str
    output: Any = None
    attempt: int = 1
    due: float | None = None


@dataclass
class Story:
    """A run: its code does one act after the other, each a step."""

    plan: tuple[str, ...]
    status: str = "pending"
    steps: list[Told] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    lost: int = 0
    """Workers, since a step ended last."""
    is_owned: bool = False
    """By a worker that is gone."""
    may_be_shown: bool = False
    """Whether the ledger may have a step as running that was begun, and whose worker was lost: one that took long."""

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def go_on(self, now: float, *, is_open: bool = True) -> None:
        """As far as it comes. Not open: a step that works or fails is begun, and not ended."""
        if self.status == "paused" or self.is_over or self._rests(now):
            return
        if self.is_owned and self.lost >= MOST_LOST:
            self.status, self.is_owned = "paused", False
            return
        self.is_owned = False
        if all(self._done(number, act, now, is_open=is_open) for number, act in enumerate(self.plan)):
            self._end("completed")

    def _rests(self, now: float) -> bool:
        """Whether it waits for what has not come."""
        if self.status != "waiting":
            return False
        waiting = self.steps[-1]
        return not self.signals if waiting.due is None else now < waiting.due

    def _done(self, number: int, act: str, now: float, *, is_open: bool) -> bool:
        """Whether the code comes past this act."""
        if number == len(self.steps):
            self.steps.append(Told("pending"))
        step = self.steps[number]
        if step.status in ("completed", "skipped"):
            return True
        if step.status == "failed":  # of a fork: its code is told again
            return self._end("failed")
        if act == "wait":
            return self._ended(step, self.signals.pop(0)) if self.signals else self._suspend(step)
        if act == "rest":
            step.due = now + RESTS if step.due is None else step.due
            return self._ended(step, None) if now >= step.due else self._suspend(step)
        if not is_open:
            return self._begun(step)
        if act == "work" or step.attempt > 1:
            return self._ended(step, f"{act} {number}")
        step.status, self.lost, self.may_be_shown = "failed", 0, False
        return self._end("failed")

    def _ended(self, step: Told, output: Any) -> bool:
        step.status, step.output, self.lost, self.may_be_shown = "completed", output, 0, False
        return True

    def _suspend(self, step: Told) -> bool:
        step.status = self.status = "waiting"
        self.lost = 0
        return False

    def _begun(self, step: Told) -> bool:
        """A worker has it, and is lost with it."""
        if step.attempt == 1:  # it was never recorded
            self.steps.pop()
        self.status, self.is_owned, self.may_be_shown = "running", True, True
        self.lost += 1
        return False

    def _end(self, status: str) -> bool:
        self.status, self.lost = status, 0
        self.signals.clear()
        return False

    # What people ask.

    def cancel(self) -> None:
        for step in self.steps:
            if step.status in ("waiting", "pending"):
                step.status = "cancelled"
        self._end("cancelled")

    def retry(self, from_step: int | None = None) -> None:
        if from_step is not None:
            del self.steps[from_step - 1 :]
        for step in self.steps:
            if step.status == "failed" and from_step is None:
                step.status, step.attempt = "pending", step.attempt + 1
        self.status, self.lost = "pending", 0

    def resume(self) -> None:
        self.status, self.lost = "pending", 0

    def skip(self) -> None:
        self.steps[-1].status = "skipped"
        self.status, self.lost = "pending", 0

    def fork(self, from_step: int) -> Story:
        return Story(self.plan, steps=deepcopy(self.steps[: from_step - 1]))
