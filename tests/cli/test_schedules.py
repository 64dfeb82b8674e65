"""Schedules and limits of queues on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conditions import ON_ONE_SERVER
from conftest import Clock, Database, Tenant
from typed import Terminal

pytestmark = ON_ONE_SERVER

MORNING = ("schedules", "create", "morning", "intake", "--cron", "0 6 * * mon-fri", "--zone", "Europe/Berlin")


@pytest.fixture
def terminal(database: Database, tenant: Tenant) -> Terminal:
    return Terminal(database.url)


def trail(database: Database) -> list[Any]:
    rows = database.rows(
        "select action, details ->> 'name' as name from mainstem.user_workflow_audit order by at"
    )
    return [(row["action"], row["name"]) for row in rows]


def test_a_schedule_is_made_looked_at_paused_resumed_and_deleted(
    database: Database, terminal: Terminal
) -> None:
    [made] = terminal.lines(*MORNING, "--input", '{"office": "north"}', "--overlap", "queue")
    [listed] = terminal.lines("schedules", "list")
    assert {**listed, "now": made["now"]} == made
    assert (listed["workflow"], listed["input"], listed["overlap"]) == (
        "intake",
        {"office": "north"},
        "queue",
    )
    times = terminal.lines("schedules", "next", "morning", "--count", "3")
    assert times[0]["time"] == made["next_at"]
    assert {time["there"][11:16] for time in times} == {"06:00"}
    terminal.lines("schedules", "pause", "morning")
    assert terminal.lines("schedules", "list")[0]["is_paused"]
    terminal.lines("schedules", "resume", made["schedule_id"])
    assert terminal.lines("schedules", "firings", "morning") == []
    terminal.lines("schedules", "delete", "morning")
    assert terminal.lines("schedules", "list") == []
    assert trail(database) == [
        (f"schedules.{verb}", "morning") for verb in ("create", "pause", "resume", "delete")
    ]


def test_what_people_read(terminal: Terminal) -> None:
    assert "starts intake first at" in terminal.type(*MORNING).stdout
    shown = terminal.type("schedules", "list").stdout
    assert "0 6 * * mon-fri (Europe/Berlin)" in shown
    assert "no schedule" in terminal.type("schedules", "list", "--workflow", "payroll").stdout


def test_a_backfill_counts_first_and_asks(database: Database, terminal: Terminal, clock: Clock) -> None:
    terminal.lines("schedules", "create", "hourly", "intake", "--every", "1h")
    terminal.lines("schedules", "pause", "hourly")
    clock.advance(seconds=3 * 3600)
    now = datetime.now(UTC)
    words = ("schedules", "backfill", "hourly", "--since", now.isoformat(), "--before")
    assert terminal.error(*words, "2999-01-01")[:2] == (2, "MS010")  # more times than one backfill takes
    asked = (*words, (now + timedelta(hours=6)).isoformat())
    assert terminal.lines(*asked, "--count") == [{"count": 3, "begun": 0}]
    assert terminal.lines(*asked) == [{"count": 3, "begun": 0}]  # a program is not asked, and said no --yes
    refused = terminal.type(*asked, stdin="n\n")
    assert "begin 3 runs of hourly?" in refused.stderr
    assert "nothing begins" in refused.stdout
    assert terminal.lines(*asked, "--yes") == [{"count": 3, "begun": 3}]
    assert [line["reason"] for line in terminal.lines("schedules", "firings", "hourly")] == ["backfilled"] * 3
    assert database.value("select count(*) from mainstem.user_workflow_run") == 3


def test_what_cannot_be_a_schedule_is_refused_with_the_next_thing_to_type(terminal: Terminal) -> None:
    terminal.lines(*MORNING)
    for words, code in (
        (MORNING, (4, "MS006")),
        ((*MORNING[:3], "payroll", *MORNING[4:]), (3, "MS001")),
        (("schedules", "create", "a", "intake"), (2, "MS010")),
        (("schedules", "create", "a", "intake", "--cron", "soon"), (2, "MS010")),
        (("schedules", "create", "a", "intake", "--at", "2020-01-01"), (2, "MS010")),
        (("schedules", "create", "a", "intake", "--every", "1h", "--channel", "pigeon"), (2, "MS010")),
        (("schedules", "pause", "evening"), (3, "MS001")),
    ):
        exit_code, found, hint = terminal.error(*words)
        assert ((exit_code, found), "mainstem " in hint) == (code, True), words


def test_another_tenants_schedule_is_not_there(terminal: Terminal, other_tenant: Tenant) -> None:
    [made] = terminal.lines("--org", str(other_tenant.org_id), *MORNING)
    assert terminal.lines("schedules", "list") == []
    assert terminal.error("schedules", "delete", made["schedule_id"])[:2] == (3, "MS001")


def test_a_queue_is_limited_paused_resumed_and_let_go(database: Database, terminal: Terminal) -> None:
    [put] = terminal.lines(
        "queues", "limit", "scans", "--running", "20", "--per-key", "2", "--rate", "100/1m"
    )
    assert (put["max_running"], put["per_key_running"], put["rate_count"], put["rate_per"]) == (
        20,
        2,
        100,
        "0:01:00",
    )
    terminal.lines("queues", "pause", "scans")
    assert terminal.lines("queues", "list")[0]["paused_at"]
    terminal.lines("queues", "resume", "scans")
    terminal.lines("queues", "lift", "scans")
    assert terminal.lines("queues", "list") == []
    assert terminal.error("queues", "lift", "scans")[:2] == (3, "MS001")
    assert terminal.error("queues", "limit", "scans")[:2] == (2, "MS010")
    assert terminal.error("queues", "limit", "scans", "--rate", "many")[:2] == (2, "MS010")
    assert [action for action, _name in trail(database)] == [
        f"queues.{verb}" for verb in ("limit", "pause", "resume", "lift")
    ]


def test_a_workflow_is_paused_and_resumed(terminal: Terminal) -> None:
    terminal.lines("workflows", "pause", "intake")
    [resumed] = terminal.lines("workflows", "resume", "intake")
    assert resumed["runs"] == 0
    assert terminal.error("workflows", "resume", "intake")[:2] == (4, "MS006")
