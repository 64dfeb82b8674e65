"""Runs by a filter over HTTP: pages, counts, exports, and where ids lead."""

from __future__ import annotations

import csv
import json

import psycopg
import pytest

from conftest import Database, Tenant
from serving import serving

RUNS = "/api/v1/runs"

MANY = """
insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, ended_at, driver, external_id, error_message, legacy_trace_id)
select mainstem.new_run_id(mainstem.clock() - n * interval '1 ms'), %(org)s, %(workflow)s, case n %% 10 when 0 then 'failed' else 'completed' end, 'web',
       mainstem.clock() - interval '1 hour', mainstem.clock() - interval '1 hour' + n * interval '1 s', 'caller', '=ext' || n,
       case n %% 10 when 0 then 'no "ink", again' end, n from generate_series(1, %(many)s) n
"""


@pytest.fixture
def many(database: Database, tenant: Tenant) -> Database:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(MANY, {"org": tenant.org_id, "workflow": tenant.workflow_id, "many": 2500})
    return database


async def test_pages_go_on_by_their_token_and_link(many: Database) -> None:
    async with serving(many.url) as client:
        seen: list[str] = []
        path: str | None = f"{RUNS}?q=status:failed&page_size=100"
        while path:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            seen += [run["run_id"] for run in answer.json()["runs"]]
            assert ("Link" in answer.headers) == (answer.json()["next"] is not None)
            path = answer.links["next"]["url"] if "Link" in answer.headers else None
        assert len(seen) == len(set(seen)) == 250
        token = (await client.get(f"{RUNS}?q=status:failed&page_size=1")).json()["next"]
        refused = await client.get(f"{RUNS}?q=status:completed&page_token={token}")
        assert (refused.status_code, refused.json()["code"]) == (422, "MS010")


async def test_a_filter_that_cannot_be_read_says_where(many: Database) -> None:
    async with serving(many.url) as client:
        for path in ("", "/count", "/facets", "/histogram", "/export"):
            answer = await client.get(f"{RUNS}{path}", params={"q": "staus:failed"})
            assert (answer.status_code, answer.json()["code"]) == (422, "MS011")
            assert "character 1" in answer.json()["detail"]
            assert "is it 'status'" in answer.json()["detail"]
        assert (await client.get(f"{RUNS}?sort=size")).status_code == 422


async def test_a_parameter_that_nobody_reads_is_refused_with_the_one_that_is_meant(many: Database) -> None:
    async with serving(many.url) as client:
        answer = await client.get("/api/v1/runs", params={"pagesize": 1, "status": "failed"})
        assert (answer.status_code, answer.json()["code"]) == (422, "MS010")
        told = {one["pointer"]: one["detail"] for one in answer.json()["errors"]}
        assert told.keys() == {"query/pagesize", "query/status"}
        assert "'page_size'" in told["query/pagesize"]
        assert "page_token, q, sort" in told["query/status"]


async def test_counts_facets_and_histogram_agree(many: Database) -> None:
    async with serving(many.url) as client:
        count = (await client.get(f"{RUNS}/count?q=status:failed")).json()
        facets = (await client.get(f"{RUNS}/facets")).json()
        histogram = (await client.get(f"{RUNS}/histogram?buckets=10")).json()
        assert count == {"value": 250, "relation": "eq"}
        assert facets["status"] == [{"value": "completed", "count": 2250}, {"value": "failed", "count": 250}]
        assert len(histogram["buckets"]) == 10
        assert sum(bucket["failed"] for bucket in histogram["buckets"]) == 250
        assert histogram["from"] < histogram["to"]


async def test_an_export_holds_all_that_is_found_in_either_form(many: Database) -> None:
    async with serving(many.url) as client:
        lines = (await client.get(f"{RUNS}/export?q=status:failed")).text.splitlines()
        assert len({json.loads(line)["run_id"] for line in lines}) == 250
        table = await client.get(f"{RUNS}/export", headers={"Accept": "text/csv"})
        assert table.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(table.text.splitlines()))
        assert len({row["run_id"] for row in rows}) == 2500
        assert {row["external_id"][:5] for row in rows} == {"'=ext"}  # a spreadsheet computes none of it
        assert {row["error_message"] for row in rows} == {"", 'no "ink", again'}


async def test_any_id_leads_to_its_run(many: Database, tenant: Tenant) -> None:
    async with serving(many.url) as client:
        run = (await client.get(f"{RUNS}?q=legacy:1001")).json()["runs"][0]
        for wanted, by in (
            (run["run_id"], "run"),
            ("=ext1001", "external id"),
            ("1001", "legacy run"),
            (run["run_id"].upper(), "run"),
        ):
            answer = await client.get("/api/v1/jump", params={"id": wanted})
            assert answer.json() == {"kind": "run", "run_id": run["run_id"], "step_id": None, "by": by}
        for wanted in ("nothing", "99999999", "9" * 40, run["run_id"][:-1] + "1", "\x00"):
            assert (await client.get("/api/v1/jump", params={"id": wanted})).status_code == 404, wanted


async def test_the_filter_language_is_told(database: Database) -> None:
    async with serving(database.url) as client:
        told = (await client.get("/api/v1/filters")).json()
        assert {"status", "workflow", "started"} <= {key["name"] for key in told["keys"]}
        for example in told["examples"]:
            assert (await client.get(RUNS, params={"q": example})).status_code == 200
