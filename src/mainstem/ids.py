"""Ids: a run's id is a UUIDv7 (RFC 9562 §5.7) whose last 24 bits are zero; step n is the same with n in them.

    run     01a1f118-f356-7588-91f7-88e91e000000
    step 3  01a1f118-f356-7588-91f7-88e91e000003

So any step id names its run, and through the time in its first 48 bits its partition, without a look-up.
The SQL twins are `mainstem.new_run_id`, `run_of`, `step_id` and `step_number_of`.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

STEP_BITS = 24
MAX_STEP_NUMBER = (1 << STEP_BITS) - 1
"""16,777,215. Number 0 is the run itself."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP_MASK = MAX_STEP_NUMBER
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def new_run_id(at: datetime | None = None) -> UUID:
    """A new id of the run that begins at `at` (aware; now when None). Its 50 random bits make each call differ."""
    milliseconds = time.time_ns() // 1_000_000 if at is None else (at - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError(f"a run id holds times from 1970 to the year 10889, not {at}")
    random = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 80) | _VERSION_7 | ((random >> 68) << 64)
    low = _VARIANT | (random & ((1 << 62) - 1) & ~_STEP_MASK)
    return UUID(int=high | low)


def step_id(run_id: UUID, step_number: int) -> UUID:
    """The id of step `step_number` (1 to 16,777,215) of a run."""
    if not 1 <= step_number <= MAX_STEP_NUMBER:
        raise ValueError(f"a step's number is 1 to {MAX_STEP_NUMBER}, not {step_number}")
    return UUID(int=(run_id.int & ~_STEP_MASK) | step_number)


def run_of(any_id: UUID) -> UUID:
    """The run that a step's id (or a run's own) belongs to."""
    return UUID(int=any_id.int & ~_STEP_MASK)


def step_number_of(any_id: UUID) -> int:
    """The step's number in its id; 0 for a run's id."""
    return any_id.int & _STEP_MASK


def time_of(any_id: UUID) -> datetime:
    """When the run began, to the millisecond, as its id has it (UTC)."""
    return _EPOCH + timedelta(milliseconds=any_id.int >> 80)
