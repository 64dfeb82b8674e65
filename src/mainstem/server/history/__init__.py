"""The API of the old history application, frozen: its list, its sixty-one fields, its socket; outside /api/v1."""

from __future__ import annotations

from fastapi import FastAPI

from mainstem.server.history import routes, socket
from mainstem.server.history.feed import Feeds


def install(app: FastAPI) -> None:
    """Add its routes. Raises BadArgument for a config whose zone is none: here, and not at the first request."""
    routes.reading_of(app.state.config)
    app.state.history_feeds = Feeds()
    app.include_router(routes.router)
    app.include_router(socket.router)
