"""WS /ws/workflow-history: the snapshot at once, again on changes, and nothing of another tenant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from conditions import one_server
from conftest import Database, Tenant, make_tenant
from mainstem.ledger import keys
from mainstem.ledger.call import perform
from mainstem.model import DEFAULT_ORG
from mainstem.server import ServerConfig, create_app

__all__ = ["one_server"]

PATIENCE = 10.0


@asynccontextmanager
async def listening(url: str, **config: object) -> AsyncIterator[str]:
    """The host and port of a server of this process."""
    app = create_app(replace(ServerConfig(url=url, open_to_all=True), **config))  # type: ignore[arg-type]
    settings = uvicorn.Config(
        app, port=0, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(settings)
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def following(address: str, **more: Any) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://{address}/ws/workflow-history", max_size=None, **more) as client:
        yield client


async def message(client: ClientConnection, type_: str = "workflow_history_update") -> dict[str, Any]:
    """The next of this type."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found: dict[str, Any] = json.loads(await client.recv())
            if found["type"] == type_:
                return found


def begin(database: Database, tenant: Tenant, external_id: str) -> UUID:
    run_id: UUID = (
        database.connect(org_id=tenant.org_id)
        .execute(
            "select mainstem.start_workflow_execution(%s, 'web', %s, null, null) as id",
            [tenant.workflow_id, external_id],
        )
        .fetchone()["id"]  # type: ignore[index]
    )
    return run_id


def named(found: dict[str, Any]) -> list[str]:
    return [run["adw_id"] for run in found["data"]["workflows"]]


async def test_the_latest_fifty_come_at_once_and_without_being_asked_for(
    database: Database, tenant: Tenant
) -> None:
    for number in range(52):
        begin(database, tenant, f"run {number}")
    async with listening(database.url) as address, following(address) as client:
        found = await message(client)
    assert set(found) == {"type", "data", "cursor"}
    assert set(found["data"]) == {"workflows", "total_count", "analytics"}
    assert (len(named(found)), found["data"]["total_count"]) == (50, 52)
    assert named(found)[0] == "run 51"


async def test_a_change_is_sent_and_changes_within_a_second_are_one_message(
    database: Database, tenant: Tenant
) -> None:
    async with listening(database.url) as address, following(address) as client:
        assert named(await message(client)) == []
        before = asyncio.get_running_loop().time()
        begin(database, tenant, "one")
        begin(database, tenant, "two")
        messages = [await message(client)]
        while named(messages[-1]) != ["two", "one"]:
            messages.append(await message(client))
        assert len(messages) - 1 <= asyncio.get_running_loop().time() - before


async def test_a_second_page_gets_what_is_there_and_both_get_what_comes(
    database: Database, tenant: Tenant
) -> None:
    async with listening(database.url) as address, following(address) as one:
        assert named(await message(one)) == []
        begin(database, tenant, "first")
        assert named(await message(one)) == ["first"]
        database.rows("update mainstem.user_workflow_run set external_id = 'unsaid' returning 1")
        async with following(address) as two:
            assert named(await message(two)) == ["unsaid"]
            begin(database, tenant, "second")
            assert named(await message(one)) == named(await message(two)) == ["second", "unsaid"]
        begin(database, tenant, "third")
        assert named(await message(one))[0] == "third"


async def test_a_change_of_a_transaction_that_began_earlier_is_seen(
    database: Database, tenant: Tenant
) -> None:
    older = database.connect()
    async with listening(database.url) as address, following(address) as client:
        await message(client)
        with older.transaction():
            older.execute(
                "select mainstem.start_workflow_execution(%s, 'web', 'older', null, null)",
                [tenant.workflow_id],
            )
            begin(database, tenant, "younger")
            assert named(await message(client)) == ["younger"]
        assert sorted(named(await message(client))) == ["older", "younger"]


async def test_a_ping_is_answered_and_what_nobody_knows_is_passed_over(database: Database) -> None:
    async with listening(database.url) as address, following(address) as client:
        await message(client)
        for unknown in ("no json", "[1]", "7", '{"type": "subscribe"}', "{}", b"\x00", '{"type": []}'):
            await client.send(unknown)
        await client.send('{"type": "client_ready"}')
        await client.send('{"type": "ping", "timestamp": 1700000000.5}')
        assert await message(client, "pong") == {"type": "pong", "timestamp": 1700000000.5}


async def test_whoever_asks_for_differences_gets_what_changed(database: Database, tenant: Tenant) -> None:
    begin(database, tenant, "first")
    async with listening(database.url) as address, following(address) as client:
        first = await message(client)
        await client.send('{"type": "client_ready", "delta": true}')
        await client.send('{"type": "ping"}')
        await message(client, "pong")
        begin(database, tenant, "second")
        delta = await message(client, "workflow_history_delta")
    assert named(first) == ["first"]
    assert named(delta) == ["second"]
    assert (delta["data"]["removed"], delta["data"]["total_count"]) == ([], 2)
    assert delta["data"]["analytics"]["total_workflows"] == 2
    assert delta["cursor"] != first["cursor"]


async def test_runs_of_another_tenant_are_not_sent(database: Database, tenant: Tenant) -> None:
    other = make_tenant(database)
    async with listening(database.url) as address, following(address) as client:
        await message(client)
        begin(database, other, "foreign")
        begin(database, tenant, "own")
        assert named(await message(client)) == ["own"]


async def test_only_pages_of_known_origins_may_follow(database: Database) -> None:
    known = "https://console.example.test"
    async with listening(database.url, origins=(known,)) as address:
        for welcome in (None, f"http://{address}", known):
            async with following(address, origin=welcome) as client:
                await message(client)
        for foreign in ("https://elsewhere.example.test", "null", f"http://{address}.evil.test"):
            with pytest.raises(InvalidStatus) as refused:
                async with following(address, origin=foreign):
                    pass
            assert refused.value.response.status_code == 403


async def test_a_browser_gets_one_of_its_subprotocols_back_and_never_the_key(database: Database) -> None:
    minted = keys.mint()
    perform(
        database.connect(None, None), keys.create_key(minted, name="page", role="viewer"), org_id=DEFAULT_ORG
    )
    offered = [f"mainstem.key.{minted.text}", "mainstem.v1"]
    async with listening(database.url) as address, following(address, subprotocols=offered) as client:
        assert client.subprotocol == "mainstem.v1"
        await message(client)


async def test_without_a_key_the_socket_says_so_and_closes(database: Database) -> None:
    async with listening(database.url, open_to_all=False) as address, following(address) as client:
        assert (await message(client, "error"))["code"] == "MS601"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_failure_is_told_and_closes_instead_of_sending_nothing_found(
    database: Database, tenant: Tenant
) -> None:
    async with listening(database.url) as address, following(address) as client:
        await message(client)
        database.connect(None, None).execute("alter table mainstem.user_workflow_run rename to gone")
        database.rows(
            "insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states)"
            " values (%s, '{}', '{}', '{}') returning 1",
            tenant.org_id,
        )
        assert (await message(client, "error"))["code"] == "MS105"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
