"""Schedules: what a request brings, what is answered, and examples."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mainstem.ledger.schedules import A_DAY, Missed, Overlap
from mainstem.model import Json

SCHEDULE = {
    "schedule_id": "6c1b9f6e-4444-4a1f-9c3a-2f0f5a8f1b11",
    "name": "morning report",
    "workflow_id": "3f6f0c0e-7d9e-4a1f-9c3a-2f0f5a8f1b11",
    "workflow": "claim-intake",
    "cron": "0 6 * * mon-fri",
    "every": None,
    "at": None,
    "zone": "Europe/Berlin",
    "input": {"office": "north"},
    "time_argument": None,
    "channel": "web",
    "version": 0,
    "queue": "default",
    "priority": 0,
    "missed": "once",
    "window": "P1D",
    "overlap": "skip",
    "is_paused": False,
    "next_at": "2026-03-05T05:00:00Z",
    "last_at": "2026-03-04T05:00:00Z",
    "last_run_id": "01a1f118-f356-7588-91f7-88e91e000000",
    "created_at": "2026-03-01T10:12:00Z",
    "updated_at": "2026-03-01T10:12:00Z",
    "now": "2026-03-04T12:00:00Z",
}
SCHEDULES = {"schedules": [SCHEDULE], "next": None}
FIRINGS = {
    "firings": [
        {
            "scheduled_for": "2026-03-04T05:00:00Z",
            "outcome": "started",
            "reason": None,
            "ticks": 1,
            "run_id": "01a1f118-f356-7588-91f7-88e91e000000",
            "fired_at": "2026-03-04T05:00:00.012Z",
        }
    ],
    "next": None,
}
TIMES = {"times": ["2026-03-05T05:00:00Z", "2026-03-06T05:00:00Z"]}
COUNTED = {"count": 3}
ANSWERED = {"schedule_id": SCHEDULE["schedule_id"], "answer": "paused"}


class CreatedSchedule(BaseModel):
    """A schedule to be. It comes round in one way: cron, every or at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "morning report",
                    "workflow": "payroll",
                    "cron": "0 6 * * mon-fri",
                    "zone": "Europe/Berlin",
                }
            ]
        },
    )

    name: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]+$")
    workflow: str | None = Field(
        None, max_length=255, description="The workflow's name; or give workflow_id."
    )
    workflow_id: UUID | None = None
    cron: str | None = Field(
        None, max_length=200, description="Minute, hour, day, month, weekday, as Debian's cron reads them."
    )
    every: timedelta | None = Field(
        None, description="ISO 8601, or seconds; counted from 1970-01-01 in UTC.", examples=[None]
    )
    at: datetime | None = Field(
        None, description="Once; without an offset it is the zone's time.", examples=[None]
    )
    zone: str = Field("UTC", max_length=100, description="Of the IANA list.")
    input: dict[str, Json] = Field(default_factory=dict, description="The workflow's arguments by name.")
    time_argument: Annotated[str, Field(min_length=1, max_length=255)] | None = Field(
        None, description="The argument that gets the time that it is scheduled for."
    )
    channel: str = Field("web", max_length=63)
    version: int = Field(
        0, ge=0, le=2**31 - 1, description="Of its runs; 0: the one that is active when each begins."
    )
    queue: str = Field("default", min_length=1, max_length=255)
    priority: int = Field(0, ge=-(2**31), le=2**31 - 1)
    missed: Missed = Field(
        "once",
        description="Of times that nobody was there for: skip, once (the latest), all (within window).",
    )
    window: timedelta = Field(A_DAY, ge=timedelta(0), le=timedelta(days=3660))
    overlap: Overlap = Field(
        "skip", description="While the run before is not over: allow, skip, queue, or cancel the one before."
    )


class EditedSchedule(BaseModel):
    """Parts of a schedule that are to be others: what is left out, or null, stays; a time_argument of null is none."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"cron": "0 7 * * mon-fri", "missed": "skip"}]},
    )

    name: str | None = Field(None, min_length=1, max_length=255, pattern=r"^[^\x00]+$")
    cron: str | None = Field(
        None, max_length=200, description="One of cron, every and at takes the place of the others."
    )
    every: timedelta | None = Field(None, examples=[None])
    at: datetime | None = Field(None, examples=[None])
    zone: str | None = Field(None, max_length=100)
    input: dict[str, Json] | None = None
    time_argument: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    channel: str | None = Field(None, max_length=63)
    version: int | None = Field(
        None, ge=0, le=2**31 - 1, description="0: the one that is active when a run begins."
    )
    queue: str | None = Field(None, min_length=1, max_length=255)
    priority: int | None = Field(None, ge=-(2**31), le=2**31 - 1)
    missed: Missed | None = None
    window: timedelta | None = Field(None, ge=timedelta(0), le=timedelta(days=3660))
    overlap: Overlap | None = None

    def changes(self, mode: str = "python") -> dict[str, Any]:
        """Those that are given, by name."""
        given = self.model_dump(mode=mode, exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name == "time_argument"}


class Times(BaseModel):
    """Times, in UTC."""

    times: list[datetime]


class Backfilled(BaseModel):
    """A range of past times whose runs are to begin."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"since": "2026-03-01T00:00:00Z", "before": "2026-03-04T00:00:00Z", "count": 3}]
        },
    )

    since: AwareDatetime
    before: AwareDatetime
    count: int = Field(ge=0, le=2**31 - 1, description="How many they are, as the reading counted.")


class Counted(BaseModel):
    """How many times of a range have no run; of a backfill, how many have begun."""

    count: int


class ScheduleAnswered(BaseModel):
    """What became of a schedule."""

    schedule_id: UUID
    answer: str
