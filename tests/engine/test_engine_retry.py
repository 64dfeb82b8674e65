"""Rests between attempts, and what a step is outside of a run: no database needed."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import Retry, add_event, gather, sleep, step, step_info, wait_for_signal
from mainstem.errors import NotInRun


class ServiceDown(Exception):
    """Comes and goes."""


@step
def quick() -> str:
    add_event("quick")
    return "quick"


@given(
    st.builds(
        Retry,
        attempts=st.integers(1, 5000),
        first=st.floats(0, 1e6),
        factor=st.floats(1, 1e6),
        longest=st.floats(0, 1e6),
    ),
    st.one_of(st.none(), st.floats(), st.integers()),
)
def test_rests_are_finite_jittered_and_at_most_the_longest(retry: Retry, asked: float | None) -> None:
    error = ServiceDown()
    if asked is not None:
        error.retry_after = asked  # type: ignore[attr-defined]
    longest = max(retry.longest, asked if asked is not None and 0 < asked < math.inf else 0)
    for attempt in {1, 2, retry.attempts - 1} & {*range(1, retry.attempts)}:
        rest = retry.rest_after(error, attempt)
        assert rest is not None
        assert 0 <= rest <= longest
    assert retry.rest_after(error, retry.attempts) is None


def test_many_that_failed_together_do_not_come_back_together() -> None:
    rests = sorted(
        rest for _ in range(100) if (rest := Retry(first=10).rest_after(ServiceDown(), 1)) is not None
    )
    assert 5 <= rests[0] < rests[-1] <= 10
    assert max(after - before for before, after in pairwise(rests)) < 2


async def test_outside_of_a_run_a_step_is_its_function() -> None:
    assert await quick() == "quick"
    with pytest.raises(NotInRun):
        step_info()


async def test_outside_of_a_run_nothing_waits() -> None:
    for wait in (sleep(1), wait_for_signal("go"), gather(quick(), quick())):
        with pytest.raises(NotInRun):
            await wait


def test_a_step_that_is_never_tried_is_refused() -> None:
    with pytest.raises(ValueError, match="at least once"):
        Retry(attempts=0)
