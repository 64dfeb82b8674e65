from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from conftest import Database, Tenant
from mainstem.model import DEFAULT_ORG
from past_runs import WORKFLOWS, PastRun, make_past, percentiles
from serving import serving

PATH = "/api/v1/workflows"


def expected(runs: list[PastRun]) -> dict[str, Any]:
    """What the statistics must be, computed over the rows."""
    ended = [run for run in runs if run.is_over]
    states = Counter(run.status for run in runs)
    p50, p95, p99 = percentiles([run.duration_ms for run in ended])
    return {
        "runs": len(runs),
        "completed": states["completed"],
        "failed": states["failed"] + states["timeout"],
        "running": states["running"] + states["waiting"],
        "success_rate": pytest.approx(states["completed"] / len(ended), abs=1e-4) if ended else None,
        "p50_ms": pytest.approx(p50) if ended else None,
        "p95_ms": pytest.approx(p95) if ended else None,
        "p99_ms": pytest.approx(p99) if ended else None,
    }


@pytest.mark.parametrize("days", [3, 30])
async def test_the_statistics_are_those_of_the_rows(database: Database, days: int) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        answer = await client.get(PATH, params={"days": days})
    assert answer.status_code == 200, answer.text
    listed = answer.json()["workflows"]
    assert [one["name"] for one in listed] == sorted(WORKFLOWS)
    for one in listed:
        told = dict(one["statistics"])
        sparkline, last = told.pop("sparkline"), told.pop("last_run_at")
        assert told == expected(past.since(days, one["name"]))
        every = [run for run in past.runs if run.workflow == one["name"] and not run.is_test]
        assert datetime.fromisoformat(last) == max(run.began for run in every)
        today = datetime.now(UTC).date()
        per_day = Counter((run.began.date(), run.status) for run in every)
        assert sparkline == [
            {
                "day": str(day),
                "completed": per_day[day, "completed"],
                "failed": per_day[day, "failed"] + per_day[day, "timeout"],
            }
            for day in (today - timedelta(days=back) for back in range(13, -1, -1))
        ]


async def test_a_run_that_never_told_its_start_counts_from_when_it_was_created(
    database: Database, tenant: Tenant
) -> None:
    begun = (datetime.now(UTC) - timedelta(days=2)).replace(microsecond=0)
    with psycopg.connect(database.url, autocommit=True) as conn:
        for status, at in (
            ("completed", begun),
            ("pending", begun),
            ("completed", begun - timedelta(days=5)),
        ):
            conn.execute(
                "insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, created_at, ended_at, driver)"
                " values (mainstem.new_run_id(%s), %s, %s, %s, 'web', %s, %s, 'recorded')",
                [at, tenant.org_id, tenant.workflow_id, status, at, at if status == "completed" else None],
            )
    async with serving(database.url, org_id=tenant.org_id) as client:
        [one] = (await client.get(PATH, params={"days": 3})).json()["workflows"]
    told = one["statistics"]
    assert (told["runs"], told["completed"], told["running"]) == (2, 1, 1)
    assert datetime.fromisoformat(told["last_run_at"]) == begun
    assert {day["day"]: day["completed"] for day in told["sparkline"]}[str(begun.date())] == 1


async def test_a_workflow_without_a_run_has_no_figures_rather_than_zeros(
    database: Database, tenant: Tenant
) -> None:
    async with serving(database.url) as client:
        [one] = (await client.get(PATH)).json()["workflows"]
        statistics = one["statistics"]
        assert (statistics["runs"], statistics["success_rate"], statistics["p95_ms"]) == (0, None, None)
        assert len(statistics["sparkline"]) == 14


async def test_one_workflow_is_measured_as_in_the_list_and_has_a_tag(database: Database) -> None:
    past = make_past(database.url, runs=60)
    async with serving(database.url) as client:
        first = (await client.get(PATH)).json()["workflows"][0]
        answer = await client.get(f"{PATH}/{past.workflows['billing']}")
        assert answer.json() == first
        again = await client.get(
            f"{PATH}/{past.workflows['billing']}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        gone = await client.get(f"{PATH}/{uuid4()}")
        assert (gone.status_code, gone.json()["code"]) == (404, "MS001")


async def test_pages_of_workflows_neither_skip_nor_repeat_one(database: Database) -> None:
    make_past(database.url, runs=1)
    async with serving(database.url) as client:
        names, token = [], None
        while True:
            answer = await client.get(
                PATH, params={"page_size": 2} | ({"page_token": token} if token else {})
            )
            names += [one["name"] for one in answer.json()["workflows"]]
            token = answer.json()["next"]
            assert (f"page_token={token}" in answer.headers.get("link", "")) == (token is not None)
            if token is None:
                break
            last = token
        assert names == sorted(WORKFLOWS)
        refused = await client.get(PATH, params={"page_token": last, "status": "draft"})
        assert (refused.status_code, refused.json()["code"]) == (422, "MS010")
        assert "another filter" in refused.json()["detail"]


async def test_the_nodes_of_code_are_its_functions_measured_over_their_steps(database: Database) -> None:
    past = make_past(database.url)
    async with serving(database.url) as client:
        answer = await client.get(f"{PATH}/{past.workflows['billing']}/nodes", params={"days": 20})
    told = {one["key"]: one["statistics"] for one in answer.json()}
    for name in ("read", "decide", "write"):
        steps = [step for run in past.since(20, "billing") for step in run.steps if step["node"] == name]
        p50, p95, p99 = percentiles([step["duration_ms"] for step in steps])
        completed = sum(step["status"] == "completed" for step in steps)
        found = told[name]
        assert (found["steps"], found["completed"], found["failed"]) == (
            len(steps), completed, len(steps) - completed
        )  # fmt: skip
        assert found["retries"] == sum(step["retries"] for step in steps)
        assert [found["p50_ms"], found["p95_ms"], found["p99_ms"]] == pytest.approx([p50, p95, p99])


def drawn(
    database: Database,
    workflow: UUID,
    nodes: dict[str, Any],
    edges: Sequence[tuple[str, str]] = (),
    graph: Any = None,
) -> dict[str, UUID]:
    """Give a workflow a graph."""
    ids = {}
    with psycopg.connect(database.url, autocommit=True) as conn:
        for label, metadata in nodes.items():
            ids[label] = uuid4()
            conn.execute(
                "insert into mainstem.user_workflow_node (org_id, node_id, workflow_id, label, metadata) values (%s, %s, %s, %s, %s)",
                [DEFAULT_ORG, ids[label], workflow, label, Jsonb(metadata)],
            )
        for origin, target in edges:
            conn.execute(
                "insert into mainstem.user_workflow_transition (org_id, workflow_id, from_node, to_node, action_label)"
                " values (%s, %s, %s, %s, 'done')",
                [DEFAULT_ORG, workflow, ids[origin], ids[target]],
            )
        if graph is not None:
            conn.execute(
                "update mainstem.user_workflow set graph_config = %s where workflow_id = %s",
                [Jsonb(graph), workflow],
            )
    return ids


async def test_a_graph_is_of_nodes_and_transitions_and_its_form_of_the_entrys_requirements(
    database: Database,
) -> None:
    workflow = make_past(database.url, runs=1).workflows["billing"]
    asks = [
        {"name": "member", "type": "text", "description": "As on the card"},
        {"name": "urgent", "type": "bool", "required": False, "default": False},
    ]
    ids = drawn(
        database,
        workflow,
        {"In": {"type": "entry", "requirements": asks}, "Out": {"type": "outcome"}},
        [("In", "Out")],
    )
    async with serving(database.url) as client:
        graph = (await client.get(f"{PATH}/{workflow}/graph")).json()
        assert (graph["source"], {node["label"] for node in graph["nodes"]}) == ("nodes", {"In", "Out"})
        assert graph["edges"] == [
            {"origin": str(ids["In"]), "target": str(ids["Out"]), "label": "done", "condition": None}
        ]
        assert (await client.get(f"{PATH}/{workflow}/schema")).json() == {
            "type": "object",
            "properties": {
                "member": {"type": "string", "description": "As on the card"},
                "urgent": {"type": "boolean", "default": False},
            },
            "required": ["member"],
        }


async def test_a_graph_from_an_editor_is_read_where_it_says_and_given_whole(database: Database) -> None:
    workflow = make_past(database.url, runs=1).workflows["billing"]
    config = {
        "nodes": [{"id": "a", "data": {"label": "In", "type": "entry"}}, {"id": "b"}, "what is this"],
        "edges": [{"source": "a", "target": "b", "label": "ok"}, {"source": "a"}],
        "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}},
    }
    drawn(database, workflow, {}, graph=config)
    async with serving(database.url) as client:
        graph = (await client.get(f"{PATH}/{workflow}/graph")).json()
        assert graph["source"] == "graph_config"
        assert graph["nodes"] == [
            {"key": "a", "label": "In", "type": "entry"},
            {"key": "b", "label": "b", "type": None},
        ]
        assert graph["edges"] == [{"origin": "a", "target": "b", "label": "ok", "condition": None}]
        assert graph["graph_config"] == config
        assert (await client.get(f"{PATH}/{workflow}/schema")).json() == config["input_schema"]


async def test_a_workflow_of_code_has_no_graph_and_nothing_is_known_of_its_input(
    database: Database, tenant: Tenant
) -> None:
    workflow = make_past(database.url, runs=1).workflows["billing"]
    async with serving(database.url) as client:
        assert (await client.get(f"{PATH}/{workflow}/graph")).json()["source"] == "none"
        assert (await client.get(f"{PATH}/{workflow}/schema")).json() == {}
        assert (await client.get(f"{PATH}/{workflow}/versions")).json() == {"versions": [], "next": None}
        assert (await client.get(f"{PATH}/{uuid4()}/versions")).status_code == 404
        assert (await client.get(f"{PATH}/{uuid4()}/configs")).status_code == 404


async def test_a_strange_window_is_a_problem(database: Database) -> None:
    async with serving(database.url) as client:
        for params in (
            {"days": 0},
            {"since": "2026-01-02T00:00:00"},
            {"since": "2026-01-02T00:00:00Z", "before": "2026-01-01T00:00:00Z"},
        ):
            answer = await client.get(PATH, params=params)
            assert (answer.status_code, answer.json()["code"]) == (422, "MS010")
