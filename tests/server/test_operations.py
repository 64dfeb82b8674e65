from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from conftest import Database, Tenant
from mainstem.ledger import queue
from mainstem.server import ServerConfig, create_app
from mainstem.server.access import Access, Caller, caller_of
from past_runs import make_past
from serving import serving

V1 = "/api/v1"


def register(database: Database, count: int, ttl: float = 15) -> list[UUID]:
    ids = sorted(uuid4() for _ in range(count))
    for number, worker_id in enumerate(ids):
        call = queue.register_worker(
            worker_id, host=f"host-{number}", pid=number, capabilities={"queues": ["default"]}, ttl=ttl
        )
        database.perform(call, role="mainstem_worker", org_id=None)
    return ids


async def test_workers_are_listed_with_what_they_own_and_those_that_left_last(
    database: Database, tenant: Tenant
) -> None:
    first, second, left = register(database, 3)
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(
            "update mainstem.user_workflow_worker set reaped_at = now() where worker_id = %s", [left]
        )
        conn.execute(
            "update mainstem.user_workflow_worker set heartbeat_at = now() - interval '1 hour' where worker_id = %s",
            [first],
        )
        conn.execute(
            "insert into mainstem.user_workflow_run_queue (run_id, org_id, state, worker_id)"
            " values (mainstem.new_run_id(), %s, 'owned', %s)",
            [tenant.org_id, second],
        )
    async with serving(database.url) as client:
        told = (await client.get(f"{V1}/workers")).json()["workers"]
        assert [(UUID(one["worker_id"]), one["alive"], one["owned_runs"]) for one in told] == [
            (second, True, 1), (first, False, 0), (left, False, 0)
        ]  # fmt: skip
        assert told[0]["lease_seconds"] == 15.0
        found: list[Any] = []
        token = None
        while token is not None or not found:
            page = (
                await client.get(
                    f"{V1}/workers", params={"page_size": 1} | ({"page_token": token} if token else {})
                )
            ).json()
            found += page["workers"]
            token = page["next"]
        assert found == told


async def test_the_queue_counts_the_tenants_own_runs_by_state(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        for org_id, state, waiting in (
            (tenant.org_id, "ready", []), (tenant.org_id, "waiting", ["approved"]),
            (tenant.org_id, "waiting", ["approved"]), (other_tenant.org_id, "paused", []),
        ):  # fmt: skip
            conn.execute(
                "insert into mainstem.user_workflow_run_queue (run_id, org_id, state, waiting_for, due_at)"
                " values (mainstem.new_run_id(), %s, %s, %s, case when %s = 'waiting' then 'infinity'::timestamptz else now() end)",
                [org_id, state, waiting, state],
            )
    async with serving(database.url) as client:
        told = (await client.get(f"{V1}/queue")).json()
    [one] = told["queues"]
    assert (one["queue"], one["ready"], one["waiting"], one["owned"], one["paused"]) == (
        "default",
        1,
        2,
        0,
        0,
    )
    assert (one["oldest_ready_at"] is None, one["next_due_at"]) == (False, None)
    assert told["awaited"] == [{"signal": "approved", "runs": 2}]


async def test_partitions_tell_their_times_rows_and_bytes(database: Database) -> None:
    past = make_past(database.url, runs=60)
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("analyze")
    async with serving(database.url) as client:
        told = (await client.get(f"{V1}/partitions")).json()
    assert [one["lower"] for one in told] == sorted(one["lower"] for one in told)
    assert sum(one["runs_estimate"] for one in told) == len(past.runs)
    assert sum(one["rows_estimate"] for one in told) == len(past.runs) * 4
    assert all(one["bytes"] > 0 and not one["sealed"] for one in told)


async def test_the_doctors_findings_are_those_of_the_command(database: Database) -> None:
    async with serving(database.url, embedded=True, budget=20.0) as client:
        answer = await client.get(f"{V1}/doctor")
    assert answer.status_code == 200
    found = {one["finding"]: one["severity"] for one in answer.json()}
    assert found["schema"] == found["partitions ahead"] == found["login"] == "ok"


async def test_a_doctor_who_may_not_see_gives_no_clean_bill(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        login = f"app_{uuid4().hex[:8]}"
        conn.execute(f"create role {login} login in role mainstem_app")
    try:
        url = database.url.replace("postgres@", f"{login}@")
        async with serving(url) as client:
            answer = await client.get(f"{V1}/doctor")
            assert (answer.status_code, answer.json()["code"]) == (503, "MS103")
    finally:
        with psycopg.connect(database.url, autocommit=True) as conn:
            conn.execute(f"drop role {login}")


async def test_a_caller_sees_its_own_organization_and_whoever_has_the_machine_makes_another(
    database: Database, other_tenant: Tenant
) -> None:
    async with serving(database.url) as client:
        [own] = (await client.get(f"{V1}/organizations")).json()
        assert own["name"] == "default"
        made = await client.post(f"{V1}/organizations", json={"name": "north"})
        assert made.status_code == 201
        assert len((await client.get(f"{V1}/organizations")).json()) == 1
    org_id = UUID(made.json()["org_id"])
    async with serving(database.url, org_id=org_id) as theirs:
        assert [one["name"] for one in (await theirs.get(f"{V1}/organizations")).json()] == ["north"]
        assert len((await theirs.get(f"{V1}/channels")).json()) == 3


async def test_migrations_are_told_as_their_states_say_and_a_broken_state_is_no_empty_list(
    database: Database, tmp_path: Path
) -> None:
    async with serving(database.url) as client:
        told = (await client.get(f"{V1}/migrations")).json()
        assert told["migrations"] == []
        assert "no directory" in told["note"]
    from mainstem.consolidate.migrate.state import Measure, Phase, State, save

    (tmp_path / "0042").mkdir()
    save(
        State(
            "d",
            "shop",
            Phase.REHEARSED,
            backup="b",
            rehearsal=(Measure(3, "update secret", 1.5, ("public.t",)),),
        ),
        tmp_path / "0042",
    )
    async with serving(database.url, migrations=tmp_path) as client:
        answer = await client.get(f"{V1}/migrations")
        [one] = answer.json()["migrations"]
        assert (one["name"], one["phase"], one["has_backup"]) == ("0042", "rehearsed", True)
        assert one["rehearsal"] == [{"line": 3, "milliseconds": 1.5, "exclusive": ["public.t"]}]
        assert "secret" not in answer.text
        (tmp_path / "0042" / "state.json").write_text(json.dumps({"phase": "lost"}))
        assert (await client.get(f"{V1}/migrations")).status_code == 503


async def test_what_is_the_installations_is_not_there_for_another_organizations_admin(
    database: Database, other_tenant: Tenant
) -> None:
    """Here the server is set up with the default organization, and the other's admin asks."""
    app = create_app(ServerConfig(url=database.url, open_to_all=True))
    app.dependency_overrides[caller_of] = lambda: Caller(other_tenant.org_id, Access.ADMIN)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://server") as client,
    ):
        for path in ("doctor", "consolidations", "consolidations/rcm", "migrations"):
            assert (await client.get(f"{V1}/{path}")).status_code == 404
        assert (await client.post(f"{V1}/organizations", json={"name": "north"})).status_code == 404
        assert (await client.get(f"{V1}/workers")).status_code == 200
