"""The live feed over WebSocket: subscriptions, and why a socket is closed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from conditions import ON_ONE_SERVER, until
from conftest import Database, Tenant
from live_server import Running, begin, end, running, step
from mainstem.server.live import conversation

pytestmark = ON_ONE_SERVER


@asynccontextmanager
async def opened(server: Running, **asked: Any) -> AsyncIterator[ClientConnection]:
    asked.setdefault("subprotocols", ["mainstem.v1"])
    async with connect(f"ws://{server.base}/api/v1/ws", **asked) as socket:
        yield socket


async def said(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await socket.recv())
    return found


async def subscribed(socket: ClientConnection, sub: str, **asked: Any) -> str:
    """Gives the cursor that it begins at."""
    await socket.send(json.dumps({"op": "subscribe", "sub": sub, **asked}))
    frame = await said(socket)
    assert (frame["sub"], frame["type"]) == (sub, "open"), frame
    return str(frame["id"])


async def closed(socket: ClientConnection) -> int:
    await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code


async def test_several_subscriptions_over_one_socket(database: Database, tenant: Tenant) -> None:
    conn = database.connect()
    with running(database.url) as server:
        async with opened(server) as socket:
            assert socket.subprotocol == "mainstem.v1"
            one, other = begin(conn, tenant), begin(conn, tenant)
            await subscribed(socket, "one", topic=f"run:{one}")
            start = await subscribed(socket, "over", topic="runs", q="status:completed")
            step(conn, tenant, other, 1)
            step(conn, tenant, one, 1)
            frame = await said(socket)
            assert (frame["sub"], frame["type"], frame["data"]["run_id"]) == ("one", "run", str(one))
            end(conn, other)
            ended = await said(socket)
            assert (ended["sub"], ended["data"]["run_id"]) == ("over", str(other))
            await socket.send('{"op":"unsubscribe","sub":"one"}')
            await socket.send('{"op":"ping"}')
            assert await said(socket) == {"type": "pong"}
            await subscribed(socket, "again", topic="runs", q="status:completed", cursor=start)
            assert (await said(socket))["data"]["run"] == ended["data"]["run"]


async def test_a_socket_goes_on_after_the_last_id_it_had(database: Database, tenant: Tenant) -> None:
    conn = database.connect()
    with running(database.url) as server:
        async with opened(server) as socket:
            cursor = await subscribed(socket, "a", topic="runs")
            with conn.transaction():
                run_ids = {begin(conn, tenant) for _ in range(3)}
            first = await said(socket)
        async with opened(server) as socket:
            await subscribed(socket, "a", topic="runs", cursor=first["id"])
            rest = [UUID((await said(socket))["data"]["run_id"]) for _ in range(2)]
            assert {UUID(first["data"]["run_id"]), *rest} == run_ids
            assert cursor != first["id"]


async def test_a_socket_of_a_foreign_page_is_forbidden_and_of_a_named_one_not(database: Database) -> None:
    with running(database.url, origins=("https://console.example.test",)) as server:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(server, origin="https://elsewhere.example.test"):
                pass
        assert refused.value.response.status_code == 403
        for origin in (f"http://{server.base}", "https://console.example.test"):
            async with opened(server, origin=origin) as socket:
                await subscribed(socket, "a", topic="runs")


async def test_without_a_key_a_socket_is_closed(database: Database) -> None:
    with running(database.url, open_to_all=False) as server:
        async with opened(server) as socket:
            assert await closed(socket) == 4401


async def test_a_parameter_that_nobody_reads_refuses_the_socket(database: Database) -> None:
    with running(database.url) as server:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(
                f"ws://{server.base}/api/v1/ws?topic=runs", subprotocols=[Subprotocol("mainstem.v1")]
            ):
                pass
        assert refused.value.response.status_code == 403


async def test_what_is_not_understood_closes_the_socket(database: Database) -> None:
    with running(database.url) as server:
        for text in (b"x", "{", '{"op":"shout"}', '{"op":"subscribe","sub":"a","topic":"everything"}'):
            async with opened(server) as socket:
                await socket.send(text)
                assert await closed(socket) == 1002, text
        async with opened(server, subprotocols=None) as socket:
            assert await closed(socket) == 1002


async def test_too_many_sockets_of_a_tenant_and_silent_ones_are_closed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(database.url, streams=1) as server:
        async with opened(server) as first:
            await subscribed(first, "a", topic="runs")
            async with opened(server) as second:
                assert await closed(second) == 4429
        await until(lambda: server.app.state.feed.streams == 0)
        monkeypatch.setattr(conversation, "IDLE", 0.1)
        async with opened(server) as socket:
            assert await closed(socket) == 4408


async def test_a_server_that_stops_says_bye_to_each_subscription(database: Database) -> None:
    with running(database.url) as server:
        async with opened(server) as socket, opened(server) as silent:
            cursor = await subscribed(socket, "a", topic="runs")
            server.server.should_exit = True
            bye = await said(socket)
            assert (bye["sub"], bye["type"]) == ("a", "bye")
            assert bye["id"] >= cursor
            assert [await closed(one) for one in (socket, silent)] == [1012, 1012]


async def test_a_socket_that_takes_nothing_is_closed_as_slow(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.server.live.subscription.MOST_WAITING", 10)
    with running(database.url) as server:
        async with opened(server) as socket:
            await subscribed(socket, "a", topic="runs")
            [subscription] = server.app.state.feed._subscriptions
            loop = server.app.state.feed._hubs[subscription.hub.org_id][1].get_loop()
            loop.call_soon_threadsafe(subscription._drop)
            assert await closed(socket) == 4409
