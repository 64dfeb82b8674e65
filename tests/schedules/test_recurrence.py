"""When a schedule comes round: cron in a time zone through both changes of its clocks, intervals, once; and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from mainstem import schedule, workflow
from mainstem.errors import BadArgument
from mainstem.flow.recurrence import Recurrence

BERLIN = "Europe/Berlin"


def times(recurrence: Recurrence, since: str, count: int) -> list[str]:
    found = islice(recurrence.after(datetime.fromisoformat(since)), count)
    return [f"{time:%m-%d %H:%M}" for time in found]


def test_working_days_at_six_in_berlin_follow_the_clocks_of_berlin() -> None:
    six = Recurrence(cron="0 6 * * mon-fri", zone=BERLIN)
    assert times(six, "2026-03-26T12:00Z", 3) == ["03-27 05:00", "03-30 04:00", "03-31 04:00"]
    assert times(six, "2026-10-22T12:00Z", 3) == ["10-23 04:00", "10-26 05:00", "10-27 05:00"]


def test_a_time_that_the_clocks_leave_out_comes_at_the_first_minute_that_there_is() -> None:
    assert times(Recurrence(cron="30 2 * * *", zone=BERLIN), "2026-03-28T00:00Z", 3) == [
        "03-28 01:30",
        "03-29 01:00",  # 02:30 is left out: 03:00 by summer time
        "03-30 00:30",
    ]


def test_a_time_that_comes_twice_by_the_clocks_comes_once() -> None:
    half_past_two = Recurrence(cron="30 2 * * *", zone=BERLIN)
    expected = ["10-24 00:30", "10-25 00:30", "10-26 01:30"]
    assert times(half_past_two, "2026-10-24T00:00Z", 3) == expected
    # asked within the hour that comes twice, after the time's one coming
    assert times(half_past_two, "2026-10-25T01:10Z", 1) == expected[2:]


def test_every_hour_comes_each_hour_through_both_changes() -> None:
    hourly = Recurrence(cron="0 * * * *", zone=BERLIN)
    for since in ("2026-03-28T20:30Z", "2026-10-24T20:30Z"):
        found = list(islice(hourly.after(datetime.fromisoformat(since)), 10))
        assert {later - time for time, later in pairwise(found)} == {timedelta(hours=1)}


def test_all_of_a_year_is_the_same_whether_it_is_asked_at_once_or_from_time_to_time() -> None:
    for cron in ("30 2 * * *", "*/20 * * * *", "15,45 1-3 * * *", "0 3 * * sun"):
        recurrence = Recurrence(cron=cron, zone=BERLIN)
        for day in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
            at_once = recurrence.between(day, day + timedelta(days=2), most=1000)
            step_by_step = [at_once[0]]
            while (following := recurrence.following(step_by_step[-1])) and following < day + timedelta(
                days=2
            ):
                step_by_step.append(following)
            assert step_by_step == at_once
            assert sorted(set(at_once)) == at_once


def test_an_interval_is_counted_from_one_moment_for_all() -> None:
    quarter = Recurrence(every=timedelta(minutes=15))
    assert times(quarter, "2026-03-01T09:07Z", 2) == ["03-01 09:15", "03-01 09:30"]
    assert times(quarter, "2026-03-01T09:15Z", 1) == ["03-01 09:30"]


def test_once_comes_once_by_its_zones_clock() -> None:
    once = Recurrence(at=datetime(2026, 7, 1, 9, 0), zone=BERLIN)  # noqa: DTZ001  (the zone is beside it)
    assert times(once, "2026-06-01T00:00Z", 3) == ["07-01 07:00"]
    assert once.following(datetime(2026, 7, 1, 7, 0, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"cron": "0 6 * * *", "every": timedelta(hours=1)},
        {"cron": "0 6 * *"},
        {"cron": "61 6 * * *"},
        {"cron": "0 0 31 2 *"},
        {"cron": "0 0 * * 1L/2"},
        {"cron": "0 " * 500},
        {"cron": "0 6 * * *", "zone": "Europe/Atlantis"},
        {"cron": "0 6 * * *", "zone": "../../etc/passwd"},
        {"every": timedelta(milliseconds=10)},
        {"every": timedelta(days=40000)},
        {"at": datetime(1, 1, 1), "zone": "Asia/Tokyo"},  # noqa: DTZ001
    ],
)
def test_what_never_comes_or_cannot_be_read_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadArgument) as refused:
        Recurrence(**given)
    assert refused.value.hint


def test_a_range_with_too_many_times_is_refused() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(BadArgument, match="more than 100 times"):
        Recurrence(cron="* * * * *").between(day, day + timedelta(days=1), most=100)


async def report(office: str, scheduled_for: datetime | None = None) -> None:
    """A workflow's code."""


def test_a_schedule_is_declared_beside_the_code_and_gets_its_time() -> None:
    declared = schedule("0 6 * * *", zone=BERLIN, input={"office": "north"})(workflow("report")(report))
    [found] = declared.schedules
    assert (found.name, found.input, found.time_argument) == (
        "report",
        b'{"office":"north"}',
        "scheduled_for",
    )


@pytest.mark.parametrize(
    "given", [{}, {"input": {"ofice": "north"}}, {"overlap": "hope"}, {"missed": "some"}]
)
def test_a_declaration_that_cannot_be_called_is_refused_where_it_stands(given: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        schedule("0 6 * * *", **given)(workflow("report")(report))


def test_two_schedules_of_a_workflow_need_two_names() -> None:
    declared = schedule("0 6 * * *", input={"office": "north"})(workflow("report")(report))
    with pytest.raises(BadArgument, match="two schedules"):
        schedule("0 7 * * *", input={"office": "south"})(declared)
    schedule("0 7 * * *", name="south", input={"office": "south"})(declared)
    assert len(declared.schedules) == 2


def test_a_schedule_stands_above_the_workflow() -> None:
    with pytest.raises(BadArgument, match="above"):
        schedule("0 6 * * *")(report)  # type: ignore[arg-type]
