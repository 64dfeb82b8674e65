from __future__ import annotations

from conditions import ON_ONE_SERVER
from conftest import Clock, Database, Tenant
from serving import serving

pytestmark = ON_ONE_SERVER

PATH = "/api/v1/schedules"
MORNING = {"name": "morning", "workflow": "intake", "cron": "0 6 * * mon-fri", "zone": "Europe/Berlin"}


async def test_a_schedule_is_created_read_listed_paused_and_deleted(
    database: Database, tenant: Tenant
) -> None:
    async with serving(database.url) as client:
        made = await client.post(PATH, json=MORNING)
        assert made.status_code == 201, made.text
        one = made.headers["location"]
        read = (await client.get(one)).json()
        assert {**read, "now": None} == {**made.json(), "now": None}
        assert (read["workflow_id"], read["window"], read["is_paused"]) == (
            str(tenant.workflow_id),
            "P1D",
            False,
        )
        times = (await client.get(f"{one}/next?count=3")).json()["times"]
        assert (len(times), times[0]) == (3, read["next_at"])
        assert (await client.post(f"{one}/pause")).json()["answer"] == "paused"
        assert (await client.get(one)).json()["is_paused"]
        await client.post(f"{one}/resume")
        second = await client.post(PATH, json=MORNING | {"name": "noon", "cron": "0 12 * * *"})
        page = (await client.get(f"{PATH}?page_size=1")).json()
        rest = (await client.get(f"{PATH}?page_size=1&page_token={page['next']}")).json()
        assert [page["schedules"][0]["name"], rest["schedules"][0]["name"]] == ["morning", "noon"]
        assert (await client.delete(second.headers["location"])).json()["answer"] == "deleted"
        assert (await client.get(second.headers["location"])).status_code == 404
    actions = database.rows("select action from mainstem.user_workflow_audit order by at")
    assert [row["action"].removeprefix("schedules.") for row in actions] == [
        "create", "pause", "resume", "create", "delete"
    ]  # fmt: skip


async def test_a_backfill_begins_what_was_counted_or_nothing(
    database: Database, tenant: Tenant, clock: Clock
) -> None:
    async with serving(database.url) as client:
        made = await client.post(
            PATH, json={"name": "hourly", "workflow_id": str(tenant.workflow_id), "every": "PT1H"}
        )
        one, first = made.headers["location"], made.json()["next_at"]
        await client.post(f"{one}/pause")
        clock.advance(days=1)
        window = {"since": first, "before": f"{first[:-3]}59Z" if first.endswith("00Z") else first}
        assert (await client.get(f"{one}/backfill", params=window)).json() == {"count": 1}
        assert (await client.post(f"{one}/backfill", json=window | {"count": 2})).status_code == 412
        assert (await client.post(f"{one}/backfill", json=window | {"count": 1})).json() == {"count": 1}
        assert (await client.get(f"{one}/backfill", params=window)).json() == {"count": 0}
        [firing] = (await client.get(f"{one}/firings")).json()["firings"]
        assert (firing["scheduled_for"], firing["outcome"], firing["reason"]) == (
            first,
            "started",
            "backfilled",
        )
        run = (await client.get(f"/api/v1/runs/{firing['run_id']}")).json()
        assert run["status"] == "pending"


async def test_what_cannot_be_a_schedule_is_told(database: Database, tenant: Tenant) -> None:
    async with serving(database.url) as client:
        await client.post(PATH, json=MORNING)
        for change, status in (
            ({}, 409),
            ({"workflow": "payroll"}, 404),
            ({"workflow": None}, 422),
            ({"cron": "soon"}, 422),
            ({"every": "PT1H"}, 422),
            ({"zone": "Europe/Atlantis"}, 422),
            ({"channel": "pigeon"}, 422),
            ({"overlap": "hope"}, 422),
            ({"cron": None, "at": "2020-01-01T00:00:00Z"}, 422),
            ({"name": "x", "input": {"a": "\u0000"}}, 422),
        ):
            answer = await client.post(PATH, json=MORNING | change)
            assert answer.status_code == status, (change, answer.text)


async def test_limits_of_queues_are_the_installations(database: Database, tenant: Tenant) -> None:
    async with serving(database.url) as client:
        put = await client.put(
            "/api/v1/queues/scans", json={"max_running": 20, "rate_count": 9, "rate_per": "PT1M"}
        )
        assert put.status_code == 200, put.text
        assert (await client.get("/api/v1/queues")).json() == [put.json()]
        assert (await client.put("/api/v1/queues/scans", json={"rate_count": 9})).status_code == 422
        assert (await client.post("/api/v1/queues/scans/pause")).status_code == 200
        assert (await client.delete("/api/v1/queues/scans")).json()["answer"] == "lifted"
        assert (await client.post("/api/v1/queues/scans/resume")).status_code == 404
        path = f"/api/v1/workflows/{tenant.workflow_id}"
        assert (await client.post(f"{path}/pause")).json()["answer"] == "paused"
        assert (await client.get(path)).json()["status"] == "paused"
        assert (await client.post(f"{path}/resume")).json() == {
            "workflow_id": str(tenant.workflow_id),
            "answer": "resumed",
            "runs": 0,
        }
