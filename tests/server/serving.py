"""A server in this process for a test: its application with its lifespan, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from mainstem.server import ServerConfig, create_app


@asynccontextmanager
async def serving(url: str, **config: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client that raises nothing by itself: a failure is an answer."""
    app = create_app(replace(ServerConfig(url=url, open_to_all=True), **config))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://server") as client,
    ):
        yield client
