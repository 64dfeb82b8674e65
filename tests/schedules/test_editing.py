"""Editing: what is given changes, the next time is computed anew, and no time begins two runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from conditions import ON_ONE_SERVER
from conftest import Clock, Database, Tenant
from mainstem import Mainstem, workflow
from mainstem.client.editing import edited
from mainstem.engine.schedules import fire_due
from mainstem.errors import BadArgument, PreconditionFailed, StateRefused
from mainstem.ledger.link import Link
from mainstem.ledger.schedules import Due, due_schedules
from serving import serving
from typed import Terminal

pytestmark = ON_ONE_SERVER


@workflow("report")
async def report(office: str = "north") -> str:
    return office


def on_the(minute: int, now: datetime) -> datetime:
    """The next time that the clock shows this minute."""
    ahead = timedelta(minutes=(minute - now.minute) % 60 or 60)
    return now.replace(second=0, microsecond=0) + ahead


async def test_other_times_are_reckoned_from_now_and_everything_else_stays(ms: Mainstem) -> None:
    made = await ms.schedules.create("hourly", report, every=3600, missed="all", window=7200)
    read = await ms.schedules.edit("hourly", cron="17 * * * *")
    assert (read.every, read.cron, read.next_at) == (None, "17 * * * *", on_the(17, read.now))
    assert (read.missed, read.window, read.workflow) == (made.missed, made.window, made.workflow)
    same = await ms.schedules.edit("hourly", overlap="queue", input={"office": "south"}, name="by the hour")
    assert (same.overlap, same.input, same.next_at) == ("queue", {"office": "south"}, read.next_at)
    once = await ms.schedules.edit(
        "by the hour", at=datetime(2090, 1, 1, 6, tzinfo=UTC), zone="Europe/Berlin"
    )
    assert (once.cron, once.next_at) == (None, datetime(2090, 1, 1, 6, tzinfo=UTC))


async def test_what_is_wrong_is_refused_and_nothing_is_changed(ms: Mainstem) -> None:
    made = await ms.schedules.create("hourly", report, every=3600)
    await ms.schedules.create("other", report, every=3600)
    with pytest.raises(BadArgument, match="cron"):
        await ms.schedules.edit("hourly", cron="99 * * * *")
    with pytest.raises(BadArgument, match="one way"):
        await ms.schedules.edit("hourly", cron="* * * * *", every=60)
    with pytest.raises(BadArgument, match="no channel"):
        await ms.schedules.edit("hourly", channel="telex")
    with pytest.raises(StateRefused, match="there is a schedule 'other'"):
        await ms.schedules.edit("hourly", name="other")
    read = await ms.schedules.get("hourly")
    assert (read.every, read.updated_at) == (made.every, made.updated_at)


async def test_of_two_who_edit_what_they_both_read_the_second_reads_again(
    ms: Mainstem, database: Database
) -> None:
    await ms.schedules.create("hourly", report, every=3600)
    read = await ms.schedules.get("hourly")
    database.perform(edited(read, {"priority": 3}))
    with pytest.raises(PreconditionFailed, match="was changed meanwhile"):
        database.perform(edited(read, {"cron": "0 6 * * *"}))
    assert (await ms.schedules.get("hourly")).priority == 3


async def test_no_time_begins_two_runs_whatever_is_edited_while_it_is_fired(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    await ms.schedules.create("hourly", report, every=60, overlap="allow")
    async with Link(database.url, role="mainstem_worker", name="test worker") as link:
        clock.advance(seconds=60)
        seen: list[Due] = await link(due_schedules())
        assert [due.name for due in seen] == ["hourly"]
        await fire_due(link)
        await ms.schedules.edit("hourly", cron="* * * * *")  # the same minutes, in other words
        await ms.schedules.edit("hourly", every=60)
        for _ in range(3):
            clock.advance(seconds=60)
            await fire_due(link)
    firings = (await ms.schedules.firings("hourly")).firings
    assert len({firing.scheduled_for for firing in firings}) == len(firings)
    started = [firing.run_id for firing in firings if firing.outcome == "started"]
    assert len(started) == 4
    assert database.value("select count(*) from mainstem.user_workflow_run") == 4


async def test_a_paused_schedule_stays_paused_and_one_that_was_over_comes_round_again(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    await ms.schedules.create("hourly", report, at=datetime.now(UTC) + timedelta(seconds=30))
    clock.advance(seconds=60)
    async with Link(database.url, role="mainstem_worker", name="test worker") as link:
        await fire_due(link)
        assert (await ms.schedules.get("hourly")).next_at is None
        await ms.schedules.edit("hourly", every=60)
        await ms.schedules.pause("hourly")
        await ms.schedules.edit("hourly", every=120)
        clock.advance(seconds=600)
        await fire_due(link)
    assert len((await ms.schedules.firings("hourly")).firings) == 1


async def test_a_schedule_is_edited_over_http_and_on_the_command_line(
    database: Database, tenant: Tenant
) -> None:
    path = "/api/v1/schedules"
    async with serving(database.url) as client:
        body = {"name": "morning", "workflow": "intake", "every": 3600, "time_argument": "scheduled_for"}
        made = await client.post(path, json=body)
        one = made.headers["location"]
        read = (
            await client.patch(one, json={"cron": "0 6 * * *", "input": {"a": 1}, "time_argument": None})
        ).json()
        assert (read["cron"], read["every"], read["input"], read["time_argument"]) == (
            "0 6 * * *",
            None,
            {"a": 1},
            None,
        )
        assert (await client.patch(one, json={"zone": "Nowhere"})).status_code in {400, 422}
        assert (await client.patch(one, json={"crom": "0 6 * * *"})).status_code == 422


def test_a_schedule_is_edited_as_it_is_typed(database: Database, tenant: Tenant) -> None:
    terminal = Terminal(database.url)
    terminal.type("schedules", "create", "morning", "intake", "--every", "1h")
    [edited_] = terminal.lines(
        "schedules", "edit", "morning", "--cron", "0 7 * * mon-fri", "--zone", "Europe/Berlin"
    )
    assert (edited_["cron"], edited_["every"], edited_["zone"]) == ("0 7 * * mon-fri", None, "Europe/Berlin")
    assert "say what is to change" in terminal.type("schedules", "edit", "morning").stderr
    assert (
        database.value("select count(*) from mainstem.user_workflow_audit where action = 'schedules.edit'")
        == 1
    )
