"""Definitions over HTTP: two people at one draft, and what a refused graph's problem says."""

from __future__ import annotations

from typing import Any

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.server.shapes.definitions import GRAPH
from serving import serving

pytestmark = ON_ONE_SERVER
V1 = "/api/v1"


def with_timeout(said: str) -> dict[str, Any]:
    nodes = [
        {**node, "config": {"timeout": said}} if node["key"] == "approve" else node for node in GRAPH["nodes"]
    ]
    return {"graph_config": {**GRAPH, "nodes": nodes}}


async def test_of_two_who_edit_one_draft_the_second_gets_both_texts(database: Database) -> None:
    async with serving(database.url) as client:
        made = (await client.post(f"{V1}/workflows", json={"name": "claim-intake"})).json()
        place = f"{V1}/workflows/{made['workflow_id']}/draft"
        read = await client.get(place)
        assert (await client.put(place, json=with_timeout("1d"))).status_code == 428
        first = await client.put(place, json=with_timeout("1d"), headers={"If-Match": read.headers["etag"]})
        assert (first.status_code, first.json()["revision"]) == (200, 2)
        second = await client.put(place, json=with_timeout("2d"), headers={"If-Match": read.headers["etag"]})
    problem = second.json()
    assert (second.status_code, problem["code"], problem["revision"]) == (409, "MS021", 2)
    assert problem["yours"] == with_timeout("2d")["graph_config"]
    assert problem["theirs"] == with_timeout("1d")["graph_config"]


async def test_a_draft_is_published_compared_and_rolled_back(database: Database) -> None:
    async with serving(database.url) as client:
        made = (await client.post(f"{V1}/workflows", json={"name": "claim-intake"})).json()
        place = f"{V1}/workflows/{made['workflow_id']}"
        for said in ("1d", "2d"):
            await client.put(f"{place}/draft", json=with_timeout(said), headers={"If-Match": "*"})
            published = await client.post(f"{place}/versions", json={})
            assert published.status_code == 201, published.text
        assert published.json() == {"version": 2, "is_new": True, "active_version": 2}
        changes = (await client.get(f"{place}/versions/1/diff", params={"to": 2})).json()
        assert [(one["op"], one["path"], one["value"]) for one in changes] == [
            ("replace", "/nodes/approve/config/timeout", "2d")
        ]
        assert (await client.post(f"{place}/rollback")).json() == {"version": 1, "replaced": 2}
        assert (await client.post(f"{place}/rollback")).status_code == 409


async def test_a_graph_that_cannot_run_is_a_problem_with_every_fault(database: Database) -> None:
    faulty = {**GRAPH, "edges": [*GRAPH["edges"], {"from": "done", "to": "nowhere"}]}
    async with serving(database.url) as client:
        made = (await client.post(f"{V1}/workflows", json={"name": "claim-intake"})).json()
        place = f"{V1}/workflows/{made['workflow_id']}/versions"
        answer = await client.post(place, json={"graph_config": faulty})
        checked = await client.post(f"{V1}/workflows/check", json={"graph_config": faulty})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "edges.4.to", "detail": "there is no node 'nowhere'"}]
    assert checked.json()["faults"] == ["edges.4.to: there is no node 'nowhere'"]


async def test_the_text_of_a_file_is_checked_as_well_and_given_back_as_it_is_kept(database: Database) -> None:
    async with serving(database.url) as client:
        checks = "/api/v1/workflows/check"
        text = "nodes:\n  a: {type: entry}\n  b: {type: outcome}\nedges:\n  - {from: a, to: b}\n"
        good = (await client.post(checks, json={"text": text})).json()
        assert (good["faults"], [node["key"] for node in good["graph_config"]["nodes"]]) == ([], ["a", "b"])
        bad = (await client.post(checks, json={"text": text.replace("to: b", "to: c")})).json()
        assert "edges" in bad["faults"][0]
        assert bad["graph_config"] is not None
        for refused in ("a: [", "a: &x [1]\nb: [*x, *x]"):
            told = (await client.post(checks, json={"text": refused})).json()
            assert (len(told["faults"]), told["graph_config"]) == (1, None)
        assert (await client.post(checks, json={})).status_code in {400, 422}
