"""Firing: each time once, whoever fires it and whoever is killed; what was missed, and what overlaps."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database, Tenant
from mainstem import Mainstem, Terms, Worker, schedule, workflow
from mainstem.engine.schedules import fire_due, planned
from mainstem.errors import PreconditionFailed
from mainstem.ledger.link import Link
from mainstem.ledger.schedules import Schedule, due_schedules, fire_schedule

TICKS, JUMPS = 1000, 20

HOUR = timedelta(hours=1)


@workflow("report", queue="offices")
async def report(office: str = "north", scheduled_for: str = "") -> str:
    return f"{office} at {scheduled_for}"


@schedule(every=60, name="sweep", overlap="allow")
@schedule("0 6 * * mon-fri", zone="Europe/Berlin", missed="once", input={"office": "south"})
@workflow("declared")
async def declared(office: str = "north", scheduled_for: datetime | None = None) -> str:
    assert scheduled_for is not None
    return f"{office} at {scheduled_for:%S}"


@pytest.fixture
async def link(database: Database) -> AsyncIterator[Link]:
    async with Link(database.url, role="mainstem_worker", name="test worker") as opened:
        yield opened


async def hourly(ms: Mainstem, **how: Any) -> Schedule:
    return await ms.schedules.create("hourly", report, every=HOUR, time_argument="scheduled_for", **how)


async def come_round(
    ms: Mainstem, clock: Clock, link: Link, *, times: int = 1, late: float = 0.5
) -> list[datetime]:
    """Move the clock over so many times, to `late` seconds after the last, and fire."""
    comes = list(await ms.schedules.next_times("hourly", times))
    found = await ms.schedules.get("hourly")
    clock.advance(seconds=(comes[-1] - found.now).total_seconds() + late)
    await fire_due(link)
    return comes


async def outcomes(ms: Mainstem) -> list[tuple[str, str | None, int]]:
    page = await ms.schedules.firings("hourly")
    return [(firing.outcome, firing.reason, firing.ticks) for firing in reversed(page.firings)]


STARTED = ("started", None, 1)


@ON_ONE_SERVER
async def test_each_of_a_thousand_times_is_fired_once_whoever_is_killed(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    await ms.schedules.create(
        "ticks", report, every=60, missed="all", overlap="allow", time_argument="scheduled_for"
    )
    first = (await ms.schedules.get("ticks")).next_at
    assert first is not None
    workers = [firing_process(database.url), firing_process(database.url)]
    try:
        for process in workers:
            await ready(process)
        for jump in range(JUMPS):
            clock.advance(seconds=60 * TICKS / JUMPS)
            if jump % 5 == 1:  # in the middle of what it fires, or before, or after
                await asyncio.sleep(0.03 * (jump // 5))
                workers[0].kill()
                workers[0].communicate()
                workers = [workers[1], firing_process(database.url)]
        await until(
            lambda: database.value("select count(*) from mainstem.user_workflow_run") >= TICKS - 1, seconds=30
        )
    finally:
        for process in workers:
            process.kill()
            process.communicate()
    times = [
        datetime.fromisoformat(row["at"])
        for row in database.rows(
            "select input_data ->> 'scheduled_for' as at from mainstem.user_workflow_run"
        )
    ]
    assert len(times) in (TICKS, TICKS + 1)  # by where within a minute it began
    assert sorted(times) == [first + n * timedelta(minutes=1) for n in range(len(times))]
    rows = database.rows(
        "select outcome, count(distinct run_id) as runs from mainstem.user_workflow_schedule_firing group by 1"
    )
    assert rows == [{"outcome": "started", "runs": len(times)}]


def firing_process(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "firing.py"), url], stdout=subprocess.PIPE, text=True
    )


async def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert (await asyncio.to_thread(process.stdout.readline)).strip() == "ready"


async def test_many_who_fire_at_once_fire_each_time_once(
    ms: Mainstem, database: Database, clock: Clock, link: Link
) -> None:
    await hourly(ms, missed="all", overlap="allow", window=timedelta(days=9))
    clock.advance(seconds=100 * 3600)
    await asyncio.gather(*(fire_due(link) for _ in range(8)))
    await fire_due(link)
    found = Counter(outcome for outcome, _reason, _ticks in (await outcomes(ms)))
    assert found == {"started": 50}  # a page of them
    assert database.value("select count(*) from mainstem.user_workflow_run") == 100
    assert (
        database.value(
            "select count(distinct input_data ->> 'scheduled_for') from mainstem.user_workflow_run"
        )
        == 100
    )


async def test_who_comes_late_with_what_another_has_fired_moves_nothing_back(
    ms: Mainstem, clock: Clock, link: Link
) -> None:
    made = await hourly(ms)
    assert made.next_at is not None
    clock.advance(seconds=(made.next_at - made.now).total_seconds() + 0.5)
    [due] = await link(due_schedules())
    await fire_due(link)
    before = await ms.schedules.get("hourly")
    assert await link(fire_schedule(due, planned(due))) == "elsewhere"
    assert (await ms.schedules.get("hourly")).next_at == before.next_at == made.next_at + HOUR


@pytest.mark.parametrize(
    ("missed", "late", "expected"),
    [
        ("skip", 90, [("skipped", "missed", 3)]),
        ("skip", 1, [("skipped", "missed", 2), STARTED]),
        ("once", 90, [("skipped", "missed", 2), STARTED]),
        ("all", 90, [("skipped", "missed", 1), STARTED, STARTED]),
    ],
)
async def test_missed_times_are_skipped_run_once_or_all_within_a_window(
    ms: Mainstem, clock: Clock, link: Link, missed: Any, late: float, expected: list[Any]
) -> None:
    await hourly(ms, missed=missed, overlap="allow", window=1.5 * HOUR)
    comes = await come_round(ms, clock, link, times=3, late=late)
    assert await outcomes(ms) == expected
    firings = (await ms.schedules.firings("hourly")).firings
    assert firings[0].scheduled_for == comes[-1]
    for firing in firings:
        if firing.run_id is not None:
            run = await ms.get_run(firing.run_id)
            assert run.input_data == {
                "scheduled_for": firing.scheduled_for.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
            }
            assert (run.status, run.tags) == ("pending", ["schedule:hourly"])


async def test_a_long_time_of_nobody_there_is_settled_in_parts(
    ms: Mainstem, database: Database, clock: Clock, link: Link
) -> None:
    await hourly(ms)
    await come_round(ms, clock, link, times=2500)
    assert await outcomes(ms) == [("skipped", "missed", 1000)] * 2 + [("skipped", "missed", 499), STARTED]


async def test_while_the_run_before_is_not_over_the_next_is_skipped(
    ms: Mainstem, clock: Clock, link: Link
) -> None:
    await hourly(ms, overlap="skip")
    for _ in range(2):
        await come_round(ms, clock, link)
    assert await outcomes(ms) == [STARTED, ("skipped", "overlap", 1)]
    found = await ms.schedules.get("hourly")
    assert found.last_run_id is not None
    await ms.cancel(found.last_run_id)
    await come_round(ms, clock, link)
    assert (await outcomes(ms))[-1] == STARTED


async def test_while_the_run_before_is_not_over_the_next_are_queued_in_order(
    ms: Mainstem, clock: Clock, link: Link
) -> None:
    await hourly(ms, overlap="queue")
    comes = [await come_round(ms, clock, link) for _ in range(3)]
    assert await outcomes(ms) == [STARTED, ("queued", None, 1), ("queued", None, 1)]
    for settled in (2, 3):
        run_id = (await ms.schedules.get("hourly")).last_run_id
        assert run_id is not None
        await ms.cancel(run_id)
        clock.advance(seconds=1.1)
        await fire_due(link)
        await fire_due(link)
        firings = (await ms.schedules.firings("hourly")).firings
        assert [firing.scheduled_for for firing in reversed(firings)] == [came for [came] in comes]
        assert [firing.outcome for firing in reversed(firings)] == ["started"] * settled + ["queued"] * (
            3 - settled
        )


async def test_the_run_before_is_cancelled_by_the_next(
    ms: Mainstem, database: Database, clock: Clock, link: Link
) -> None:
    await hourly(ms, overlap="cancel")
    await come_round(ms, clock, link)
    before = (await ms.schedules.get("hourly")).last_run_id
    assert before is not None
    with database.connect(role=None).transaction() as held:  # a worker waits for nobody's transaction
        held.connection.execute("select 1 from mainstem.user_workflow_run_queue for update")
        await asyncio.wait_for(come_round(ms, clock, link), 10)
        assert await outcomes(ms) == [STARTED]
    await fire_due(link)
    run = await ms.get_run(before)
    assert (run.status, run.error_message) == ("cancelled", "the next run of schedule hourly began")
    assert await outcomes(ms) == [STARTED, STARTED]


async def test_a_tenant_that_names_anothers_run_as_its_last_cancels_nothing(
    ms: Mainstem, database: Database, clock: Clock, link: Link, other_tenant: Tenant
) -> None:
    async with Mainstem(database.url, org_id=other_tenant.org_id) as theirs:
        run = await theirs.start(report)
        await hourly(ms, overlap="cancel")
        conn = database.connect("mainstem_app")
        conn.execute("update mainstem.user_workflow_schedule set last_run_id = %s", [run.run_id])
        await come_round(ms, clock, link)
        assert await outcomes(ms) == [STARTED]
        assert (await theirs.get_run(run.run_id)).status == "pending"


async def test_what_comes_round_while_it_is_paused_is_not_made_up_for(
    ms: Mainstem, clock: Clock, link: Link
) -> None:
    await hourly(ms, missed="all", overlap="allow")
    await ms.schedules.pause("hourly")
    await come_round(ms, clock, link, times=3)
    await ms.schedules.resume("hourly")
    await fire_due(link)
    assert await outcomes(ms) == []
    await come_round(ms, clock, link)
    assert await outcomes(ms) == [STARTED]


async def test_a_range_is_counted_first_and_its_runs_begin_once(
    ms: Mainstem, clock: Clock, link: Link
) -> None:
    await hourly(ms, missed="skip", overlap="allow")
    comes = await come_round(ms, clock, link, times=5, late=1)
    assert await outcomes(ms) == [("skipped", "missed", 4), STARTED]
    since, before = comes[0], comes[-1] + HOUR
    assert await ms.schedules.backfill("hourly", since, before) == 4
    with pytest.raises(PreconditionFailed):
        await ms.schedules.backfill("hourly", since, before, count=5)
    assert await ms.schedules.backfill("hourly", since, before, count=4) == 4
    assert await ms.schedules.backfill("hourly", since, before) == 0
    firings = (await ms.schedules.firings("hourly")).firings
    assert [firing.outcome for firing in firings] == ["started"] * 5
    assert len({firing.run_id for firing in firings}) == 5
    assert [firing.scheduled_for for firing in reversed(firings)] == comes


async def test_what_is_to_come_is_no_gap(ms: Mainstem) -> None:
    made = await hourly(ms)
    assert await ms.schedules.backfill("hourly", made.now - HOUR, made.now + 10 * HOUR) == 1


async def test_one_that_cannot_be_fired_holds_up_no_other(
    ms: Mainstem, database: Database, clock: Clock, link: Link
) -> None:
    await ms.schedules.create("strange", report, every=HOUR)
    database.rows("update mainstem.user_workflow_schedule set zone = 'Europe/Atlantis' returning name")
    await hourly(ms)
    await come_round(ms, clock, link)
    assert await outcomes(ms) == [STARTED]
    [row] = database.rows(
        "select look_at > next_at as put_off from mainstem.user_workflow_schedule where name = 'strange'"
    )
    assert row["put_off"]


async def test_once_comes_once(ms: Mainstem, clock: Clock, link: Link) -> None:
    await ms.schedules.create("hourly", report, at=datetime.now(UTC) + HOUR)
    await come_round(ms, clock, link)
    clock.advance(days=1)
    await fire_due(link)
    assert await outcomes(ms) == [STARTED]
    assert (await ms.schedules.get("hourly")).next_at is None


@ON_ONE_SERVER
async def test_a_declared_schedule_runs_by_itself_where_its_code_is(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    async with Worker(ms, [declared], Terms(poll=0.2, ttl=100_000)):
        page = await ms.schedules.list()
        assert [found.name for found in page.schedules] == ["declared", "sweep"]
        clock.advance(seconds=60)
        await until(
            lambda: database.value(
                "select count(*) from mainstem.user_workflow_run where status = 'completed'"
            )
        )
        [run] = database.rows(
            "select output_data, tags from mainstem.user_workflow_run order by run_id limit 1"
        )
    assert run == {"output_data": "north at 00", "tags": ["schedule:sweep"]}


@ON_ONE_SERVER
async def test_a_declared_schedule_is_made_the_same_again_and_stays_paused(
    ms: Mainstem, database: Database
) -> None:
    await ms.register(declared)
    await ms.schedules.pause("declared")
    before = await ms.schedules.get("declared")
    database.rows(
        "update mainstem.user_workflow_schedule set overlap = 'allow', next_at = next_at + interval '1 day' returning name"
    )
    await ms.register(declared)
    again = await ms.schedules.get("declared")
    assert again.next_at is not None
    assert before.next_at is not None
    assert (again.schedule_id, again.is_paused, again.overlap) == (before.schedule_id, True, "skip")
    assert again.next_at - before.next_at == timedelta(days=1)  # the times are the same: it keeps its place
