from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conftest import Database, Tenant
from mainstem.model import DEFAULT_ORG
from past_runs import CHANNELS, NODES, make_past, percentile, percentiles
from serving import serving

PATH = "/api/v1/analytics"


def told(one: dict[str, Any]) -> list[float | None]:
    return [one["p50_ms"], one["p95_ms"], one["p99_ms"]]


async def test_the_summary_is_that_of_the_rows(database: Database) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        questions: list[dict[str, Any]] = [
            {},
            {"channel": "web"},
            {"workflow_id": str(past.workflows["billing"]), "days": 5},
        ]
        for asked in questions:
            answer = await client.get(f"{PATH}/summary", params=asked)
            runs = [
                run
                for run in past.since(asked.get("days", 30), "billing" if "workflow_id" in asked else None)
                if asked.get("channel") in (None, run.channel)
            ]
            states = Counter(run.status for run in runs)
            found = answer.json()
            assert (found["runs"], found["completed"], found["cancelled"]) == (
                len(runs), states["completed"], states["cancelled"]
            )  # fmt: skip
            assert found["failed"] == states["failed"] + states["timeout"]
            assert told(found) == pytest.approx(percentiles([run.duration_ms for run in runs if run.is_over]))
            assert found["steps"] == sum(len(run.steps) for run in runs)
            assert found["retries"] == sum(step["retries"] for run in runs for step in run.steps)
            assert found["workflows"] == len({run.workflow for run in runs})


@pytest.mark.parametrize("by", ["workflow", "channel"])
async def test_percentiles_of_runs_are_those_of_the_rows(database: Database, by: str) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        rows = (await client.get(f"{PATH}/latency", params={"by": by})).json()
    runs = past.since(30)
    assert {row["label"] for row in rows} == {getattr(run, by) for run in runs}
    assert [row["ended"] for row in rows] == sorted((row["ended"] for row in rows), reverse=True)
    for row in rows:
        values = [run.duration_ms for run in runs if getattr(run, by) == row["label"] and run.is_over]
        assert (row["ended"], row["max_ms"]) == (len(values), max(values))
        assert row["mean_ms"] == pytest.approx(sum(values) / len(values))
        assert told(row) == pytest.approx(percentiles(values))


async def test_percentiles_and_slowest_of_nodes_are_those_of_their_steps(database: Database) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        rows = (await client.get(f"{PATH}/latency", params={"by": "node"})).json()
        slowest = (await client.get(f"{PATH}/nodes")).json()
    steps = {
        (workflow, node): [
            step for run in past.since(30, workflow) for step in run.steps if step["node"] == node
        ]
        for workflow in past.workflows
        for node in NODES
    }
    measured = {of: percentiles([step["duration_ms"] for step in found]) for of, found in steps.items()}
    assert {(row["workflow"], row["label"]): told(row) for row in rows} == {
        of: pytest.approx(found) for of, found in measured.items()
    }
    assert [(one["workflow"], one["node"]) for one in slowest] == sorted(
        steps, key=lambda of: measured[of][1], reverse=True
    )
    for one in slowest:
        of = steps[one["workflow"], one["node"]]
        assert one["total_ms"] == sum(step["duration_ms"] for step in of)
        assert one["retries"] == sum(step["retries"] for step in of)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
async def test_the_heatmap_has_every_hour_of_the_week_as_clocks_there_show_it(
    database: Database, zone: str
) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        cells = (await client.get(f"{PATH}/heatmap", params={"tz": zone})).json()
    assert [(cell["weekday"], cell["hour"]) for cell in cells] == [
        (d, h) for d in range(7) for h in range(24)
    ]
    places: dict[tuple[int, int], list[Any]] = {}
    for run in past.since(30):
        at = run.began.astimezone(ZoneInfo(zone))
        places.setdefault((at.weekday(), at.hour), []).append(run)
    for cell in cells:
        runs = places.get((cell["weekday"], cell["hour"]), [])
        failed = sum(run.status in ("failed", "timeout") for run in runs)
        assert (cell["runs"], cell["failed"]) == (len(runs), failed)
        assert cell["p95_ms"] == pytest.approx(
            percentile([run.duration_ms for run in runs if run.is_over], 0.95)
        )


async def test_a_time_zone_that_nobody_knows_is_a_problem(database: Database) -> None:
    async with serving(database.url) as client:
        for zone in ("Mars/Olympus", "../etc/passwd", "", "FOO0BAR"):
            answer = await client.get(f"{PATH}/heatmap", params={"tz": zone})
            assert (answer.status_code, answer.json()["code"]) == (422, "MS010"), zone


async def test_the_strip_has_every_channel_and_no_run_of_another_tenant(
    database: Database, other_tenant: Tenant
) -> None:
    make_past(database.url, org_id=DEFAULT_ORG, runs=60)
    async with serving(database.url, org_id=other_tenant.org_id) as client:
        strip = (await client.get(f"{PATH}/channels")).json()
        assert {(one["channel"], one["runs"], one["p50_ms"]) for one in strip} == {
            (channel, 0, None) for channel in CHANNELS
        }
        assert (await client.get(f"{PATH}/summary")).json()["runs"] == 0
        assert (await client.get(f"{PATH}/latency")).json() == []
        assert (await client.get(f"{PATH}/nodes")).json() == []


async def test_a_query_that_outlasts_its_budget_is_a_problem_and_no_empty_list(database: Database) -> None:
    make_past(database.url, runs=200)
    async with serving(database.url, budget=0.001) as client:
        answer = await client.get(f"{PATH}/nodes", params={"days": 90})
        assert (answer.status_code, answer.json()["code"]) == (503, "MS113")
