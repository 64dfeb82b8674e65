"""Runs over HTTP: started, read, changed, and what is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from conftest import Database, Tenant
from serving import serving

RUNS = "/api/v1/runs"


async def started(client: httpx.AsyncClient, **body: Any) -> str:
    answer = await client.post(RUNS, json={"workflow": "intake", **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["run_id"])


async def test_a_ledger_without_runs_lists_none(database: Database) -> None:
    async with serving(database.url) as client:
        answer = await client.get(RUNS)
        assert (answer.status_code, answer.json()) == (
            200,
            {"runs": [], "next": None, "searched_back_to": None, "sort": "-created"},
        )


async def test_a_run_that_is_not_there_is_a_problem(database: Database) -> None:
    async with serving(database.url) as client:
        answer = await client.get(f"{RUNS}/01a1f118-f356-7588-91f7-88e91e000000")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "MS001"


async def test_a_start_is_repeated_under_its_key_and_refused_with_another_input(
    database: Database, tenant: Tenant
) -> None:
    async with serving(database.url) as client:
        begin = {"workflow": "intake", "input": {"claim": 17}, "tags": ["vip"], "external_id": "ABC-1"}
        key = {"Idempotency-Key": "order 17"}
        first = await client.post(RUNS, json=begin, headers=key)
        again = await client.post(RUNS, json=begin, headers=key)
        other = await client.post(RUNS, json={**begin, "input": {}}, headers=key)
        assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
        assert first.json()["run_id"] == again.json()["run_id"]
        assert (again.json()["is_new"], again.headers["idempotency-replayed"]) == (False, "true")
        assert other.json()["code"] == "MS007"
        run = (await client.get(first.headers["location"])).json()
        assert (run["status"], run["input_data"], run["tags"], run["external_id"]) == (
            "pending",
            {"claim": 17},
            ["vip"],
            "ABC-1",
        )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"workflow": "nobody's"}, 404, "MS001"),
        ({}, 422, "MS010"),
        ({"workflow": "intake", "channel": "pigeon"}, 422, "MS010"),
        ({"workflow": "intake", "input": {"a": "\x00"}}, 422, "MS201"),
        ({"workflow": "intake", "typo": 1}, 422, "MS010"),
        ({"workflow": "intake", "version": -1}, 422, "MS010"),
    ],
)
async def test_a_start_that_cannot_be_is_refused_with_its_reason(
    database: Database, tenant: Tenant, body: dict[str, Any], status: int, code: str
) -> None:
    async with serving(database.url) as client:
        answer = await client.post(RUNS, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert (await client.get(f"{RUNS}/count")).json() == {"value": 0, "relation": "eq"}


async def test_a_run_that_has_not_changed_is_not_sent_again(database: Database, tenant: Tenant) -> None:
    async with serving(database.url) as client:
        run_id = await started(client)
        first = await client.get(f"{RUNS}/{run_id}")
        same = await client.get(f"{RUNS}/{run_id}", headers={"If-None-Match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        await client.post(f"{RUNS}/{run_id}/cancel", json={"reason": "twice"})
        changed = await client.get(f"{RUNS}/{run_id}", headers={"If-None-Match": first.headers["etag"]})
        assert (changed.status_code, changed.json()["status"], changed.json()["error_message"]) == (
            200,
            "cancelled",
            "twice",
        )


async def test_a_key_of_the_context_is_only_replaced_as_it_was_read(
    database: Database, tenant: Tenant
) -> None:
    async with serving(database.url) as client:
        run_id = await started(client)
        path = f"{RUNS}/{run_id}/context"
        assert (await client.put(f"{path}/plan", json="gold")).status_code == 428
        made = await client.put(f"{path}/plan", json="gold", headers={"If-None-Match": "*"})
        assert made.status_code == 200, made.text
        assert (
            await client.put(f"{path}/plan", json="tin", headers={"If-None-Match": "*"})
        ).status_code == 412
        [entry] = (await client.get(path)).json()["context"]
        assert (entry["key"], entry["value"], f'"{entry["tag"]}"') == ("plan", "gold", made.headers["etag"])
        changed = await client.put(
            f"{path}/plan", json={"name": "silver"}, headers={"If-Match": made.headers["etag"]}
        )
        assert changed.status_code == 200
        stale = await client.put(f"{path}/plan", json="tin", headers={"If-Match": made.headers["etag"]})
        assert (stale.status_code, stale.json()["code"]) == (412, "MS612")
        assert (await client.get(path)).json()["context"][0]["value"] == {"name": "silver"}
        await client.post(f"{RUNS}/{run_id}/cancel")
        over = await client.put(f"{path}/plan", json=1, headers={"If-Match": "*"})
        assert (over.status_code, over.json()["code"]) == (409, "MS003")
        assert (await client.get(f"{RUNS}/01a1f118-f356-7588-91f7-88e91e000000/context")).status_code == 404


async def test_what_a_run_does_not_allow_is_a_conflict(database: Database, tenant: Tenant) -> None:
    async with serving(database.url) as client:
        run_id = await started(client)
        for verb, code in (("resume", "MS006"), ("retry", "MS006")):
            answer = await client.post(f"{RUNS}/{run_id}/{verb}")
            assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert (await client.post(f"{RUNS}/{run_id}/cancel")).json() == {
            "run_id": run_id,
            "answer": "cancelled",
        }
        for verb in ("cancel", "resume", "retry", "signals/approved"):
            answer = await client.post(f"{RUNS}/{run_id}/{verb}")
            assert (answer.status_code, answer.json()["code"]) == (409, "MS003"), verb
        sent = await client.post(f"{RUNS}/{await started(client)}/signals/approved", json={"by": "Ann"})
        assert sent.status_code == 201
        assert sent.json()["signal_id"]
