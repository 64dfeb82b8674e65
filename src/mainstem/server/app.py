"""The application: routes, the database they ask, and what surrounds every answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from starlette.types import Receive, Scope, Send

from mainstem.errors import DatabaseError
from mainstem.server import console, history, operations, problems
from mainstem.server.config import ServerConfig
from mainstem.server.database import Database
from mainstem.server.live import Feed
from mainstem.server.measured import Metrics
from mainstem.server.parameters import refuse_unknown
from mainstem.server.routes import ROUTERS
from mainstem.server.statements import Stated
from mainstem.server.surroundings import surrounded

PREFIX = "/api/v1"

log = logging.getLogger(__name__)


class Application(FastAPI):
    """Surrounded from outside: what the framework itself answers has the same headers and the same line in the log.

    `state.closing` is set when the server begins to end: streams say `bye` then.
    """

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(
            title="mainstem",
            version=version("mainstem"),
            openapi_url="/openapi.json",
            docs_url=None,
            redoc_url=None,
            lifespan=_open,
        )
        self.state.config = config
        self.state.database = Database(config)
        self.state.metrics = Metrics()
        self.state.closing = asyncio.Event()
        self.state.feed = Feed(self.state.database, self.state.closing)
        self._surrounded = surrounded(Stated(super().__call__), config, self.state.metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._surrounded(scope, receive, send)


def create_app(config: ServerConfig) -> FastAPI:
    """An ASGI application, to run or to mount. Mounted without its lifespan it opens the database when it is first asked."""
    app = Application(config)
    problems.install(app)
    unknown = Depends(refuse_unknown)
    api = APIRouter(responses=problems.may_fail(401, 403), dependencies=[unknown])
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api, prefix=PREFIX)  # else FastAPI makes every route to see its path
    app.include_router(operations.router)
    history.install(app)
    console.install(app)  # last: it answers whatever path is left with the console
    return app


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[None]:
    database: Database = app.state.database
    try:
        await database.ready()
    except DatabaseError as error:  # each request says so until it is mended
        log.warning("serves without a database: %s", error)
    try:
        yield
    finally:
        app.state.closing.set()
        await app.state.feed.close()
        await database.close()
