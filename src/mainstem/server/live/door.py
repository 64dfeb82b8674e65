"""The door of a socket: whose it is, and whether the page that opened it may."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from mainstem.errors import NotAllowed, NotAuthenticated
from mainstem.server.access import Access, Caller
from mainstem.server.config import ServerConfig

PROTOCOL = "mainstem.v1"
KEY = "mainstem.key."
"""A browser sets no headers on a socket, and an address ends in logs: the key comes as a second subprotocol."""


async def caller_of_socket(socket: WebSocket) -> Caller:
    """Raises NotAuthenticated, and NotAllowed for a page of a foreign origin."""
    config: ServerConfig = socket.app.state.config
    _check_origin(socket, config)
    if config.open_to_all:
        return Caller(config.org_id, Access.ADMIN)
    raise NotAuthenticated("a key is needed", hint=f"offer the subprotocols {PROTOCOL} and {KEY}ms_…")


def key_of(socket: WebSocket) -> str | None:
    """The key that came with the socket, as a subprotocol or, from programs, as a header."""
    offered = [name for name in socket.scope["subprotocols"] if name.startswith(KEY)]
    if offered:
        return str(offered[0].removeprefix(KEY))
    scheme, _, key = socket.headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else None


def _check_origin(socket: WebSocket, config: ServerConfig) -> None:
    origin = socket.headers.get("origin")
    if origin is None or origin in config.origins:
        return
    if urlsplit(origin).netloc != socket.headers.get("host"):
        raise NotAllowed(
            f"pages of {origin[:200]} may not open sockets here", hint="name it in the server's origins"
        )
