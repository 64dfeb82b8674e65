"""When a schedule comes round: first, next, and in the past."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from mainstem.errors import BadArgument
from mainstem.flow.recurrence import Recurrence
from mainstem.ledger.schedules import Schedule

MOST_BACKFILLED = 5000
"""Times of one backfill."""


def recurrence_of(found: Schedule) -> Recurrence:
    """When it comes round."""
    return Recurrence(cron=found.cron, every=found.every, at=found.at, zone=found.zone)


def first_time(recurrence: Recurrence, now: datetime) -> datetime:
    """Raises BadArgument for a schedule that never comes round."""
    if (found := recurrence.following(now)) is None:
        raise BadArgument(f"{recurrence} never comes round", hint="give a time that is to come")
    return found


def next_times(found: Schedule, count: int) -> list[datetime]:
    """When it comes round next, whether it is paused or not."""
    return list(islice(recurrence_of(found).after(found.now), count))


def past_times(found: Schedule, since: datetime, before: datetime) -> list[datetime]:
    """Its times in a range, as far as that is past. Raises BadArgument for too many."""
    recurrence = recurrence_of(found)
    return recurrence.between(since, before, most=MOST_BACKFILLED)
