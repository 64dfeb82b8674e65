"""The application: routes, the database they ask, and what surrounds every answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from mainstem.server import console, problems
from mainstem.server.config import ServerConfig
from mainstem.server.database import Database
from mainstem.server.routes import ROUTERS

PREFIX = "/api/v1"


def create_app(config: ServerConfig) -> FastAPI:
    """An ASGI application, to run or to mount. Its lifespan opens and closes the database."""
    app = FastAPI(
        title="mainstem", openapi_url="/openapi.json", docs_url=None, redoc_url=None, lifespan=_open
    )
    app.state.config = config
    problems.install(app)
    api = APIRouter(prefix=PREFIX)
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    console.install(app)
    return app


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[None]:
    async with Database(app.state.config) as database:
        app.state.database = database
        yield
