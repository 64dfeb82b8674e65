"""Recurrences: the times at which a schedule comes round, by a cron expression in a time zone, an interval, or once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from mainstem.errors import BadArgument

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=3660)
YEARS = range(1970, 3000)
"""Of moments that are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """One of cron (five fields, as Debian's cron reads them), every (counted from 1970 in UTC) and at (once).

    zone: of cron, and of an `at` without an offset. Where its clocks go forward, a fixed time that is left out comes at the
    first minute that there is; where they go back, it comes once. Raises BadArgument.
    """

    cron: str | None = None
    every: timedelta | None = None
    at: datetime | None = None
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if [self.cron, self.every, self.at].count(None) != 2:
            raise BadArgument("a schedule comes round in one way", hint="give one of cron, every and at")
        zone = _zone(self.zone)
        if self.every is not None and not SHORTEST <= self.every <= LONGEST:
            raise BadArgument(f"every is {self.every}", hint="give one second to ten years")
        if self.cron is not None:
            _cron(self.cron, EPOCH.astimezone(zone))
        if self.at is not None:
            _refuse_far_off(self.at)
        if self.at is not None and self.at.tzinfo is None:
            object.__setattr__(self, "at", self.at.replace(tzinfo=zone).astimezone(UTC))

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The times later than this moment, in UTC: endless, but for a schedule that comes once."""
        if self.cron is not None:
            yield from self._of_cron(self.cron, moment)
        elif self.every is not None:
            count = (moment - EPOCH) // self.every
            while True:
                count += 1
                yield EPOCH + count * self.every
        elif self.at is not None and self.at > moment:
            yield self.at

    def following(self, moment: datetime) -> datetime | None:
        """The next time; None: never again."""
        return next(self.after(moment), None)

    def between(self, since: datetime, before: datetime, *, most: int) -> list[datetime]:
        """The times from `since` on, before `before`. Raises BadArgument for more than `most`, and for a moment without an offset."""
        if since.tzinfo is None or before.tzinfo is None:
            raise BadArgument("a range's moments need an offset", hint="2026-03-01T00:00:00Z")
        _refuse_far_off(since, before)
        microsecond = timedelta(microseconds=1)
        found = list(islice(takewhile(lambda tick: tick < before, self.after(since - microsecond)), most + 1))
        if len(found) > most:
            raise BadArgument(
                f"it comes round more than {most} times from {since.isoformat()} to {before.isoformat()}",
                hint="take a shorter range, then the next",
            )
        return found

    def _of_cron(self, cron: str, moment: datetime) -> Iterator[datetime]:
        for tick in _cron(cron, moment.astimezone(_zone(self.zone))):
            # begun within the hour that comes twice, the first answer may be of its first half
            if (found := tick.astimezone(UTC)) > moment:
                yield found

    def __str__(self) -> str:
        if self.cron is not None:
            return f"{self.cron} ({self.zone})"
        return f"every {self.every}" if self.every is not None else f"once at {self.at}"


_FIVE_FIELDS = 'minute, hour, day, month, weekday: "0 6 * * mon-fri"'


def _cron(cron: str, moment: datetime) -> CronSim:
    weekdays = cron[-200:].upper().split()[-1:]
    stepped = any("/" in term and set("L#") & set(term) for days in weekdays for term in days.split(","))
    if len(cron) > 200 or stepped:  # the library does not look for a step of a day that is counted
        raise BadArgument(f"{cron[:200]!r} is no cron expression", hint=_FIVE_FIELDS)
    try:
        return CronSim(cron, moment)
    except CronSimError as refusal:
        raise BadArgument(f"{cron!r} is no cron expression: {refusal}", hint=_FIVE_FIELDS) from refusal


def _refuse_far_off(*moments: datetime) -> None:
    for moment in moments:
        if moment.year not in YEARS:
            raise BadArgument(f"{moment.isoformat()} is too far off", hint="give a year from 1970 to 2999")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as refusal:
        raise BadArgument(
            f"{name!r} is no time zone", hint="give a name of the IANA list: Europe/Berlin, UTC"
        ) from refusal
