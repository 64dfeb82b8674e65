"""Patience: how long a lock is waited for, how often it is tried again, and the pauses between, each longer and none alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mainstem.consolidate.sources.patience import pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """A waiting exclusive lock holds up everybody behind it: so it waits briefly, and comes back."""

    lock_timeout: float = 0.3
    statement_timeout: float = 3600.0
    attempts: int = 10
    pause: float = 0.5
    longest: float = 15.0
    sleep: Callable[[float], object] = time.sleep

    def rounds(self) -> Iterator[bool]:
        """One for each attempt, with the pause before all but the first; whether it is the last."""
        waits = pauses(self.pause, self.longest)
        for attempt in range(1, self.attempts + 1):
            if attempt > 1:
                self.sleep(next(waits))
            yield attempt == self.attempts
