"""Keys of open connections: who is let in no more is shown out, over a stream and over a socket, and nobody else is."""

from __future__ import annotations

import asyncio

import pytest
from test_live_sockets import closed, opened, subscribed

from conditions import ON_ONE_SERVER
from conftest import Clock, Database, Tenant
from live_server import begin, events, running
from mainstem.ledger.keys import Minted, create_key, mint, revoke_key

pytestmark = ON_ONE_SERVER


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.server.live.holders.LOOKED_AT_EVERY", 0.05)


def made(database: Database, days: int | None = None) -> Minted:
    key = mint()
    database.perform(create_key(key, name="a browser", role="viewer", days=days))
    return key


async def test_a_revoked_key_ends_its_stream_and_its_socket_and_no_others(
    database: Database, tenant: Tenant
) -> None:
    kept, revoked = made(database), made(database)
    with running(database.url, open_to_all=False) as server:
        bearer = {"Authorization": f"Bearer {revoked.text}"}
        async with (
            events(server.base, key=kept.text) as staying,
            events(server.base, key=revoked.text) as going,
            opened(server, additional_headers=bearer) as socket,
        ):
            await subscribed(socket, "a", topic="runs")
            await asyncio.sleep(0.2)  # some looks at keys that are good
            database.perform(revoke_key(revoked.key_id))
            assert (await going.next())["type"] == "bye"
            with pytest.raises(EOFError):
                await going.next()
            assert await closed(socket) == 4401
            run_id = begin(database.connect(), tenant)
            assert (await staying.next())["data"]["run_id"] == str(run_id)


async def test_a_key_that_expires_ends_its_stream(database: Database, clock: Clock) -> None:
    key = made(database, days=1)
    with running(database.url, open_to_all=False) as server:
        async with events(server.base, key=key.text) as going:
            clock.advance(days=2)
            assert (await going.next())["type"] == "bye"
