"""Windows of time: the runs that began in one, as a range of ids, so that only the leaves of that time are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, TypeVar

from mainstem.errors import BadArgument
from mainstem.ledger.call import Call, Row

T = TypeVar("T")

LONGEST = 400
"""Days."""

# now() and not the clock: a volatile function prunes nothing
BEGAN: LiteralString = (
    "r.run_id >= mainstem.first_id_at(coalesce(%(since)s::timestamptz, now() - make_interval(days => %(days)s)))"
    " and r.run_id < mainstem.first_id_at(coalesce(%(before)s::timestamptz, 'infinity')) and not r.is_test"
)
"""Over user_workflow_run r."""

STARTED: LiteralString = (
    "r.started_at >= case when %(since)s::timestamptz is null then now() - make_interval(days => %(days)s) else %(since)s::timestamptz end"
    " and r.started_at < case when %(before)s::timestamptz is null then 'infinity' else %(before)s::timestamptz end and not r.is_test"
)
"""As BEGAN, by what the indexes by workflow have: a column of theirs, and no range of ids, for which the planner would take the table.
CASE and not coalesce: under row level security that is no condition of an index.
"""

STEPS: LiteralString = (
    "s.run_id >= mainstem.first_id_at(coalesce(%(since)s::timestamptz, now() - make_interval(days => %(days)s)))"
    " and s.run_id < mainstem.first_id_at(coalesce(%(before)s::timestamptz, 'infinity'))"
)
"""Over user_workflow_run_step s, beside BEGAN."""

_OVER: LiteralString = "('completed', 'failed', 'cancelled', 'timeout')"

COUNTS: LiteralString = f"""
count(*) as runs,
       count(*) filter (where r.status = 'completed') as completed,
       count(*) filter (where r.status in ('failed', 'timeout')) as failed,
       count(*) filter (where r.status not in {_OVER}) as running,
       round(count(*) filter (where r.status = 'completed')::numeric
             / nullif(count(*) filter (where r.status in {_OVER}), 0), 4)::float8 as success_rate"""
"""Over user_workflow_run r; success_rate as in v_workflow_channel_performance: completed of those that have ended."""

PERCENTILES: LiteralString = """
percentile_cont(array[0.5, 0.95, 0.99]) within group (order by r.duration_ms) filter (where r.duration_ms is not null)"""


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (without it: so many days ago) until `before` (without it: now)."""

    days: int = 30
    since: datetime | None = None
    before: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.days <= LONGEST:
            raise BadArgument(f"a window is 1 to {LONGEST} days, not {self.days}", hint="give other days")
        for time in (self.since, self.before):
            if time is not None and time.tzinfo is None:
                raise BadArgument(f"{time} has no time zone", hint="write it with its offset, or with Z")
        if self.since and self.before and self.since >= self.before:
            raise BadArgument("the window ends before it begins", hint="give a `since` before `before`")

    @property
    def parameters(self) -> dict[str, Any]:
        return {"days": self.days, "since": self.since, "before": self.before}


def windowed(query: LiteralString, parameters: Mapping[str, Any], read: Callable[[list[Row]], T]) -> Call[T]:
    """A question over a window. How it is best answered hangs on how long that is: it is planned each time."""
    return Call(query, parameters, read, prepare=False)
