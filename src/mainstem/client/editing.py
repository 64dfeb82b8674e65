"""Changes of a schedule: which parts are given anew, and what follows from them for its next time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, cast

from mainstem.client.recurring import first_time
from mainstem.flow.program import Seconds, seconds
from mainstem.flow.recurrence import Recurrence
from mainstem.flow.schedule import scheduled
from mainstem.flow.values import dumped, loaded
from mainstem.ledger import schedules
from mainstem.ledger.call import Call
from mainstem.ledger.schedules import Missed, Overlap, Schedule
from mainstem.model import Json

TIMES = ("cron", "every", "at")


class Changes(TypedDict, total=False):
    """Parts of a schedule that are to be others."""

    name: str
    cron: str
    every: Seconds
    at: datetime
    zone: str
    input: Mapping[str, Any]
    time_argument: str | None
    channel: str
    version: int
    queue: str
    priority: int
    missed: Missed
    window: Seconds
    overlap: Overlap


_COLUMNS = {"version": "workflow_version", "input": "input_data", "window": "missed_window"}


def edited(found: Schedule, changes: Changes) -> Call[datetime | None]:
    """The call that makes them. Raises BadArgument for times that are none, or never come round."""
    given = dict(changes)
    recurrence = _times(found, given)
    told = {
        _COLUMNS.get(name, name): _told(name, value) for name, value in given.items() if name not in TIMES
    }
    if recurrence is None:
        return schedules.edit_schedule(found, told, found.next_at)
    told |= {
        "cron": recurrence.cron,
        "every": None if recurrence.every is None else f"{recurrence.every.total_seconds()} seconds",
        "once_at": None if recurrence.at is None else recurrence.at.isoformat(),
    }
    return schedules.edit_schedule(found, told, first_time(recurrence, found.now))


def to_be_asked(found: Schedule, changes: Changes) -> tuple[int, dict[str, Json]]:
    """The version that its runs would begin with, and their input."""
    given = loaded(
        dumped(dict(changes.get("input", cast("dict[str, Json]", found.input))), "the input of the schedule")
    )
    return changes.get("version", found.version), scheduled(
        given, changes.get("time_argument", found.time_argument)
    )


def _times(found: Schedule, given: Mapping[str, Any]) -> Recurrence | None:
    """When it is to come round; None when that does not change."""
    zone = cast("str", given.get("zone", found.zone))
    if any(name in given for name in TIMES):
        every = given.get("every")
        return Recurrence(
            cron=given.get("cron"),
            every=None if every is None else _span(every),
            at=given.get("at"),
            zone=zone,
        )
    if zone == found.zone:
        return None
    return Recurrence(cron=found.cron, every=found.every, at=found.at, zone=zone)


def _told(name: str, value: Any) -> Json:
    match name:
        case "window":
            return f"{_span(value).total_seconds()} seconds"
        case "input":
            return loaded(dumped(dict(value), "the input of the schedule"))
        case _:
            return cast("Json", value)


def _span(given: Seconds) -> timedelta:
    return timedelta(seconds=seconds(given))
