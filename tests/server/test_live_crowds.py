"""The live feed under a crowd, with a client that takes nothing, and without NOTIFY."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

from conditions import ON_ONE_SERVER, until
from conftest import Database, Tenant
from live_server import Running, begin, events, running
from mainstem.model import DEFAULT_ORG
from mainstem.server.live.hub import Hub
from mainstem.server.live.subscription import MOST_WAITING

pytestmark = ON_ONE_SERVER

SILENTLY = (
    "insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states)"
    " values (%s, %s, array_fill(0, array[cardinality(%s::uuid[])]), array_fill('running'::text, array[cardinality(%s::uuid[])]))"
    " returning xid::text::bigint as xid"
)


def note(database: Database, size: int = 1) -> list[UUID]:
    """A row of the log that nobody was notified of."""
    run_ids = [uuid4() for _ in range(size)]
    database.rows(SILENTLY, DEFAULT_ORG, run_ids, run_ids, run_ids)
    return run_ids


def hub_of(server: Running) -> Hub:
    hub: Hub = server.app.state.feed._hubs[DEFAULT_ORG][0]
    return hub


async def test_without_notify_it_looks_every_second(database: Database) -> None:
    with running(database.url) as server:
        async with events(server.base) as feed:
            [run_id] = note(database)
            frame = await asyncio.wait_for(feed.next(), 5)
    assert (frame["data"]["run_id"], frame["data"]["run"]) == (str(run_id), None)


async def test_a_crowd_of_one_tenant_asks_the_database_once(database: Database, tenant: Tenant) -> None:
    asked: list[str] = []
    with running(database.url) as server:
        state = server.app.state
        perform = state.database.perform

        async def counted(call: Any, **told: Any) -> Any:
            asked.append(call.query)
            return await perform(call, **told)

        state.database.perform = counted
        async with AsyncExitStack() as crowd:
            feeds = [await crowd.enter_async_context(events(server.base)) for _ in range(40)]
            asked.clear()
            run_id = begin(database.connect(), tenant)
            for feed in feeds:
                assert (await feed.next())["data"]["run_id"] == str(run_id)
            lists = [query for query in asked if "r.run_id = any" in query]
            assert len(lists) == 1
            assert len(asked) <= 8, "readings by the clock and by the call, and one look-up"


async def test_a_client_that_takes_nothing_costs_little_and_misses_nothing(database: Database) -> None:
    """Its queue is bounded; when it takes again it is told of the gap, and has every run once."""
    with running(database.url) as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: here\r\n\r\n")
        await until(lambda: server.app.state.feed._hubs and hub_of(server).listeners)
        [slow] = server.app.state.feed._subscriptions
        wanted: list[UUID] = []
        async with events(server.base) as quick:
            while not slow._is_behind:
                made = note(database, 800)
                wanted += made
                hub_of(server).wake()
                for _ in made:
                    await quick.next()
                assert slow._waiting <= MOST_WAITING
            assert len(slow._queue) == 0
            assert {frame["data"]["run_id"] for frame in quick.seen} == set(map(str, wanted))
        text = await asyncio.to_thread(_taken, client, len(wanted))
    told = [line.split('"run_id":"')[1][:36] for line in text.splitlines() if '"run_id"' in line]
    assert "event: gap" in text
    assert sorted(told) == sorted(map(str, wanted))


def _taken(client: socket.socket, frames: int) -> str:
    client.settimeout(15)
    taken = bytearray()
    while taken.count(b'"run_id"') < frames or not taken.endswith(b"\n\n\r\n"):
        piece = client.recv(1 << 20)
        assert piece
        taken += piece
    return _unchunked(bytes(taken))


def _unchunked(raw: bytes) -> str:
    _, _, rest = raw.partition(b"\r\n\r\n")
    whole = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        if not size:
            break
        whole, rest = whole + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return whole.decode()
