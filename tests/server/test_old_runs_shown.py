"""Runs that came from old tables, with every oddity of theirs: whatever was stored there, each part of each run is shown."""

from __future__ import annotations

import psycopg

from consolidations import copied_life
from serving import serving

PARTS = ("", "/steps", "/timeline", "/context", "/events", "/screenshots")
FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"


async def test_every_consolidated_run_is_shown_in_every_part(server_url: str) -> None:
    with copied_life(server_url) as life:
        for org, runs in tenants_with_runs(life.url):
            async with serving(life.url, org_id=org) as client:
                asked = [f"/api/v1/runs/{run}{part}" for run in runs for part in PARTS]
                answers = {path: (await client.get(path)).status_code for path in asked}
                assert {path: code for path, code in answers.items() if code != 200} == {}
                assert len(answers) == len(runs) * len(PARTS)


async def test_lists_page_through_runs_that_began_before_all_time_or_never_end(server_url: str) -> None:
    with copied_life(server_url) as life:
        [[org, runs]] = tenants_with_runs(life.url, "where legacy_trace_id in (1118, 1119)")
        async with serving(life.url, org_id=org) as client:
            for sort, column, first in (("started", "started_at", FIRST), ("-ended", "ended_at", LAST)):
                found = (await client.get("/api/v1/runs", params={"sort": sort, "page_size": 1})).json()
                assert [run[column] for run in found["runs"]] == [first]
                found = (
                    await client.get(
                        "/api/v1/runs", params={"sort": sort, "page_size": 1, "page_token": found["next"]}
                    )
                ).json()
                assert len(found["runs"]) == 1
                assert found["runs"][0]["run_id"] not in runs


def tenants_with_runs(url: str, where: str = "") -> list[tuple[str, list[str]]]:
    with psycopg.connect(url) as conn:
        query = (
            f"select org_id::text, array_agg(run_id::text) from mainstem.user_workflow_run {where} group by 1"
        )
        return conn.execute(query.encode()).fetchall()
