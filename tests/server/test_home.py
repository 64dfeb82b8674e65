from __future__ import annotations

from collections import Counter

import psycopg

from conftest import Database, Tenant
from past_runs import make_past
from serving import serving

PATH = "/api/v1/home"


async def test_an_empty_ledger_needs_no_attention_and_shows_its_channels(database: Database) -> None:
    async with serving(database.url) as client:
        home = (await client.get(PATH)).json()
    assert home["needs_attention"] == []
    assert [one["channel"] for one in home["channels"]] == ["efax", "voice", "web"]
    assert len(home["hours"]) == 24
    assert home["running_now"] == {"pending": 0, "running": 0, "waiting": 0, "paused": 0, "latest": []}


async def test_home_tells_of_the_last_day_what_the_rows_say(database: Database) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        home = (await client.get(PATH)).json()
    day = past.since(1)
    strip = {one["channel"]: one["runs"] for one in home["channels"]}
    assert strip == dict.fromkeys(strip, 0) | Counter(run.channel for run in day)
    failed = Counter(run.workflow for run in day if run.status == "failed")
    told = {
        one["workflow"]: one["count"]
        for one in home["needs_attention"]
        if one["kind"] == "failed_runs" and one["what"].endswith("is out of ink")
    }
    assert told == failed
    states = Counter(run.status for run in past.runs if (not run.is_over and run in past.since(30)) or
                     (run.is_test and not run.is_over))  # fmt: skip
    assert home["running_now"]["running"] == states["running"]
    latest = [run["run_id"] for run in home["running_now"]["latest"]]
    assert latest == sorted(latest, reverse=True)


async def test_runs_that_nobody_takes_and_workers_that_are_silent_need_attention(
    database: Database, tenant: Tenant
) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("select mainstem._register_worker_v1(gen_random_uuid(), 'attic', 7, '{}', '1 second')")
        conn.execute(
            "update mainstem.user_workflow_worker set heartbeat_at = heartbeat_at - interval '1 minute'"
        )
        conn.execute(
            "insert into mainstem.user_workflow_run_queue (run_id, org_id, due_at)"
            " values (mainstem.new_run_id(), %s, now() - interval '2 hours')",
            [tenant.org_id],
        )
    async with serving(database.url) as client:
        found = {one["kind"]: one for one in (await client.get(PATH)).json()["needs_attention"]}
    assert found["no_worker"]["severity"] == found["overdue_runs"]["severity"] == "bad"
    assert found["silent_worker"]["what"] == "attic (pid 7) is silent"
