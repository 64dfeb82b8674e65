"""Comparing two runs: step beside step, and their documents as patches."""

from __future__ import annotations

from collections import Counter

from mainstem.model import FoundRun, Run, Step, StepCounts, StepStatus
from mainstem.server.drawings import key_of
from mainstem.server.patches import patch
from mainstem.server.shapes.runs import Comparison, StepPair

Place = tuple[str, str, int]
"""A branch, a node in it, and the how-manieth call of that."""


def compare(a: Run, b: Run) -> Comparison:
    """What differs between the run a and the run b."""
    pairs = _pairs(a, b)
    return Comparison(
        a=summary(a),
        b=summary(b),
        first_difference=next((pair.key for pair in pairs if _differs(pair)), None),
        steps=pairs,
        input=patch(a.input_data, b.input_data),
        context=patch(dict(a.context), dict(b.context)),
        output=patch(a.output_data, b.output_data),
        config=patch(a.config_snapshot, b.config_snapshot),
    )


def summary(run: Run) -> FoundRun:
    """A run as lists show it."""
    counts = Counter(step.status for step in run.steps)
    going = (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING)
    fields = {
        name: getattr(run, name) for name in FoundRun.__dataclass_fields__ if name not in ("steps", "retries")
    }
    return FoundRun(
        **fields,
        steps=StepCounts(
            len(run.steps),
            counts[StepStatus.COMPLETED],
            counts[StepStatus.FAILED],
            sum(counts[one] for one in going),
        ),
        retries=sum(step.retry_count for step in run.steps),
    )


def _pairs(a: Run, b: Run) -> list[StepPair]:
    left, right = _places(a), _places(b)
    ordered = [*left, *(place for place in right if place not in left)]
    return [_pair(place, left.get(place), right.get(place)) for place in ordered]


def _places(run: Run) -> dict[Place, Step]:
    found: dict[Place, Step] = {}
    calls: Counter[tuple[str, str]] = Counter()
    for step in run.steps:  # counted here: callers of SQL functions do not count
        calls[one := (str(step.metadata.get("branch", "")), key_of(step))] += 1
        found[*one, calls[one]] = step
    return found


def _pair(place: Place, a: Step | None, b: Step | None) -> StepPair:
    spans = [step.duration_ms for step in (a, b) if step is not None]
    delta = spans[1] - spans[0] if len(spans) == 2 and spans[0] is not None and spans[1] is not None else None
    return StepPair(
        key=place[1],
        iteration=place[2],
        a=a,
        b=b,
        duration_delta_ms=delta,
        same_output=a is not None and b is not None and not patch(a.output_data, b.output_data),
    )


def _differs(pair: StepPair) -> bool:
    return pair.a is None or pair.b is None or pair.a.status != pair.b.status or not pair.same_output
