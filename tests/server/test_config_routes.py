from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from conftest import Database, Tenant
from serving import serving

PATH = "/api/v1/configs"


async def create(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    answer = await client.post(PATH, json={"config_data": {"limit": 3}} | body)
    assert answer.status_code == 201, answer.text
    return answer


@pytest.mark.parametrize(
    ("has_workflow", "channel", "scope"),
    [
        (False, None, "global"),
        (False, "web", "channel"),
        (True, None, "workflow"),
        (True, "voice", "workflow_channel"),
    ],
)
async def test_a_config_is_created_for_what_it_names_and_read_where_it_says(
    database: Database, tenant: Tenant, has_workflow: bool, channel: str | None, scope: str
) -> None:
    workflow = str(tenant.workflow_id) if has_workflow else None
    async with serving(database.url) as client:
        made = await create(client, workflow_id=workflow, channel=channel)
        read = await client.get(made.headers["location"])
        assert read.json() == made.json()
        assert read.headers["etag"] == made.headers["etag"]
        told = read.json()
        assert (told["config_type"], told["workflow_id"], told["channel"]) == (scope, workflow, channel)
        assert (told["version"], told["is_active"], told["activated_at"]) == (1, False, None)
        assert (await create(client, workflow_id=workflow, channel=channel)).json()["version"] == 2
        unchanged = await client.get(
            made.headers["location"], headers={"If-None-Match": read.headers["etag"]}
        )
        assert unchanged.status_code == 304


async def test_a_config_of_what_is_not_there_is_refused(database: Database) -> None:
    async with serving(database.url) as client:
        for body, status in (({"workflow_id": str(uuid4())}, 404), ({"channel": "post"}, 422)):
            answer = await client.post(PATH, json={"config_data": {}} | body)
            assert answer.status_code == status
        refused: list[dict[str, Any]] = [
            {"config_data": []},
            {"config_data": {}, "colour": 1},
            {"config_data": {}, "priority": 2**40},
        ]
        for given in refused:
            assert (await client.post(PATH, json=given)).status_code == 422
        assert (await client.post(PATH, json={"config_data": {"nul": "\0"}})).status_code == 422
        assert (await client.get(PATH)).json() == {"configs": [], "next": None}


async def test_a_change_needs_the_tag_of_what_it_changes(database: Database) -> None:
    async with serving(database.url) as client:
        made = await create(client)
        path, tag = made.headers["location"], made.headers["etag"]
        body = {"config_data": {"limit": 4}}
        without = await client.put(path, json=body)
        assert (without.status_code, without.json()["code"]) == (428, "MS611")
        changed = await client.put(path, json=body, headers={"If-Match": tag})
        assert (changed.status_code, changed.json()["config_data"]) == (200, {"limit": 4})
        assert changed.headers["etag"] != tag
        late = await client.put(path, json={"config_data": {"limit": 5}}, headers={"If-Match": tag})
        assert (late.status_code, late.json()["code"]) == (412, "MS612")
        assert (await client.get(path)).json()["config_data"] == {"limit": 4}
        lost = await client.put(f"{PATH}/{uuid4()}", json=body, headers={"If-Match": tag})
        assert lost.status_code == 404


async def test_of_two_who_change_the_same_state_one_is_told(database: Database) -> None:
    """Both read it before either wrote: the database decides."""
    from mainstem.errors import PreconditionFailed
    from mainstem.ledger import configs

    config_id = database.perform(configs.create_config(configs.NewConfig(config_data={})))
    read = database.perform(configs.read_config(config_id))
    change = configs.ConfigChange(config_data={"by": "first"})
    database.perform(configs.update_config(config_id, change, unchanged_since=read.updated_at))
    with pytest.raises(PreconditionFailed):
        database.perform(configs.update_config(config_id, change, unchanged_since=read.updated_at))


async def test_an_activation_replaces_the_one_before_and_leaves_a_trail(
    database: Database, tenant: Tenant
) -> None:
    workflow = str(tenant.workflow_id)
    async with serving(database.url) as client:
        first, second = [(await create(client, workflow_id=workflow)).json()["config_id"] for _ in range(2)]
        for config_id in (first, second):
            answer = await client.post(f"{PATH}/{config_id}/activate")
            assert (answer.status_code, answer.json()["config_id"]) == (200, config_id)
        active = (await client.get(PATH, params={"active": True})).json()["configs"]
        assert [one["config_id"] for one in active] == [second]
        trail = (await client.get(f"{PATH}/{first}/activations")).json()["activations"]
        assert [(one["config_id"], one["replaced_config_id"], one["version"]) for one in trail] == [
            (second, first, 2),
            (first, None, 1),
        ]
        assert (await client.post(f"{PATH}/{uuid4()}/activate")).status_code == 404
        assert (await client.get(f"{PATH}/{uuid4()}/activations")).status_code == 404


async def test_a_trail_is_read_page_by_page(database: Database) -> None:
    async with serving(database.url) as client:
        ids = [(await create(client)).json()["config_id"] for _ in range(3)]
        for config_id in ids:
            await client.post(f"{PATH}/{config_id}/activate")
        found: list[str] = []
        asked: dict[str, Any] = {"page_size": 1}
        while True:
            page = (await client.get(f"{PATH}/{ids[0]}/activations", params=asked)).json()
            found += [shown["config_id"] for shown in page["activations"]]
            if page["next"] is None:
                break
            last = asked["page_token"] = page["next"]
        assert found == ids[::-1]
        others = await client.get(f"{PATH}/{ids[1]}/activations", params={"page_token": last})
        assert (others.status_code, others.json()["code"]) == (422, "MS010")


async def test_the_data_of_a_version_that_applied_once_stays_what_applied(database: Database) -> None:
    async with serving(database.url) as client:
        path = (await create(client)).headers["location"]
        await client.post(f"{path}/activate")
        read = await client.get(path)
        tag = {"If-Match": read.headers["etag"]}
        refused = await client.put(path, json={"config_data": {"limit": 9}}, headers=tag)
        assert (refused.status_code, refused.json()["code"]) == (409, "MS006")
        off = await client.put(path, json={"config_data": {"limit": 3}, "is_enabled": False}, headers=tag)
        assert (off.status_code, off.json()["is_enabled"]) == (200, False)


async def test_pages_of_configs_hold_each_once_and_a_filter_holds(database: Database, tenant: Tenant) -> None:
    async with serving(database.url) as client:
        made = [
            (await create(client, channel=channel, workflow_id=str(tenant.workflow_id))).json()["config_id"]
            for channel in ("web", "voice", "web", "efax", "web")
        ]
        found: list[Any] = []
        token = None
        while token is not None or not found:
            params: Any = {"page_size": 2, "channel": "web"} | ({"page_token": token} if token else {})
            page = (await client.get(PATH, params=params)).json()
            found += [one["config_id"] for one in page["configs"]]
            token = page["next"]
        assert found == [made[4], made[2], made[0]]
        of_workflow = await client.get(f"/api/v1/workflows/{tenant.workflow_id}/configs")
        assert [one["config_id"] for one in of_workflow.json()["configs"]] == made[::-1]


async def test_another_tenants_config_is_not_there(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    async with serving(database.url, org_id=other_tenant.org_id) as theirs, serving(database.url) as client:
        path = (await create(theirs)).headers["location"]
        assert (await client.get(path)).status_code == 404
        assert (await client.post(f"{path}/activate")).status_code == 404
        assert (await client.get(PATH)).json()["configs"] == []


async def test_of_those_who_create_at_the_same_moment_each_has_a_version_of_its_own_or_is_told(
    database: Database,
) -> None:
    async with serving(database.url) as client:
        body = {"config_data": {"limit": 3}, "channel": "web"}
        answers = await asyncio.gather(*(client.post(PATH, json=body) for _ in range(8)))
        versions = sorted(answer.json()["version"] for answer in answers if answer.status_code == 201)
        assert versions == list(range(1, len(versions) + 1))
        told = {answer.json()["code"] for answer in answers if answer.status_code != 201}
        assert told <= {"MS006"}
