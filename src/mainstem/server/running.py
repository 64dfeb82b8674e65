"""Running: uvicorn, which says bye to the live feed's clients before it waits for its connections to end."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """Serves one application. A plain uvicorn waits for streams that do not know that it wants to go."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (feed := getattr(self._app.state, "feed", None)) is not None:
            await feed.close()
        await super().shutdown(sockets)
