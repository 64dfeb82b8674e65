"""Patience with who holds a lock: pauses, each longer and none alike, and what is done again after them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from psycopg import errors

T = TypeVar("T")

PASSING = (errors.LockNotAvailable, errors.SerializationFailure, errors.DeadlockDetected)
"""What another transaction is to blame for, and what may be well the next time."""


def pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds, without end. Each is drawn, so that two who wait for the same do not come back in step."""
    pause = first
    while True:
        yield random.uniform(pause / 2, pause)  # noqa: S311  (jitter, no secret)
        pause = min(pause * 2, longest)


def until_it_passes(work: Callable[[], T], *, seconds: float, refused: Callable[[str], Exception]) -> T:
    """Do it again while a lock is held elsewhere. After `seconds` it raises what `refused` makes of the server's words."""
    until, waits = time.monotonic() + seconds, pauses(0.02, 1.0)
    while True:
        try:
            return work()
        except PASSING as error:
            if time.monotonic() > until:
                raise refused(f"{error.diag.message_primary} for {seconds:g} s") from error
            time.sleep(next(waits))
