"""What several tests of running workflows share: one server is enough for them, and they wait for what they expect."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

ON_ONE_SERVER = pytest.mark.parametrize(
    "server_url",
    os.environ.get("MAINSTEM_TEST_SERVERS", "18").split(",")[:1],
    indirect=True,
    scope="session",
)
"""`pytestmark` of modules about Python code, which does the same on every server."""


@pytest.fixture(
    scope="session", name="server_url", params=os.environ.get("MAINSTEM_TEST_SERVERS", "18").split(",")[:1]
)
def one_server(request: pytest.FixtureRequest, started_servers: Callable[[str], str]) -> str:
    """The same for a module of which some tests ask no server: imported, it stands there for the one of all servers."""
    return started_servers(request.param)


async def until(answer: Callable[[], Any], *, seconds: float = 15) -> Any:
    """What it answers once that is true: asked again and again, at most for so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = answer()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"still {found!r} after {seconds} s"
        await asyncio.sleep(0.02)
