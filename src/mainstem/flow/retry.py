"""Retries: when a failed step is tried again, and when not."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a step is tried, and how long it rests between: first, then times `factor`, at most `longest` seconds.

    attempts counts the first one too, and is finite. Each rest is drawn between half of it and the whole, so that
    many that failed together do not come back together. An exception of a class in `never` fails the step at once;
    one with a number in `retry_after` (seconds, as HTTP's Retry-After) is not tried before.
    """

    attempts: int = 3
    first: float = 0.5
    factor: float = 2.0
    longest: float = 60.0
    never: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"a step is tried at least once, not {self.attempts} times")

    def rest_after(self, error: Exception, attempt: int) -> float | None:
        """Seconds until the attempt after `attempt` (from 1), or None when the step has failed for good."""
        if attempt >= self.attempts or isinstance(error, self.never):
            return None
        longest = min(self.longest, self.first * self._growth(attempt - 1))
        asked = getattr(error, "retry_after", None)
        rest = random.uniform(longest / 2, longest)  # noqa: S311  (jitter, no secret)
        return max(rest, float(asked)) if isinstance(asked, int | float) and math.isfinite(asked) else rest

    def _growth(self, rests: int) -> float:
        try:
            return self.factor**rests
        except OverflowError:
            return math.inf


ONCE = Retry(attempts=1)
