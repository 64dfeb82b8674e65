"""A server in this process for a test: its application with its lifespan, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from mainstem.server import ServerConfig, create_app


@asynccontextmanager
async def running(url: str, **config: Any) -> AsyncIterator[FastAPI]:
    """The application itself, open to all unless the test says otherwise."""
    app = create_app(ServerConfig(url=url, **{"open_to_all": True, **config}))
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def serving(url: str, **config: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client that raises nothing by itself: a failure is an answer."""
    async with running(url, **config) as app:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            yield client
