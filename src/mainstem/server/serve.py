"""Serving: one process that listens, and ends without cutting anybody off."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from mainstem.errors import BadArgument, OpenToTheWorld, PortTaken
from mainstem.server.app import create_app
from mainstem.server.config import ServerConfig

PATIENCE = 20
"""Seconds that requests in flight are given when the server ends."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


async def serve(
    config: ServerConfig, *, host: str, port: int, ready: Callable[[str], object], patience: int = PATIENCE
) -> None:
    """Until SIGTERM or Ctrl-C: then nothing more is accepted, streams get `bye`, and what is in flight ends.

    ready: called with the URL when it answers. Raises OpenToTheWorld, PortTaken, BadArgument for the host.
    """
    refuse_open(config, host)
    listening = listen(host, port)
    try:
        app = create_app(config)
        settings = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws_max_size=config.largest_body,
            timeout_graceful_shutdown=patience,
        )
        await Server(settings, app, lambda: ready(url_of(listening))).serve([listening])
    finally:
        listening.close()


def refuse_open(config: ServerConfig, host: str) -> None:
    """Raise OpenToTheWorld when others than this machine could reach a server that asks for no keys."""
    if config.open_to_all and not is_loopback(host):
        raise OpenToTheWorld(
            f"on {host} everybody who reaches it would be an admin",
            hint="leave --no-auth out and make keys (`mainstem keys create`), or listen on 127.0.0.1",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than localhost may mean anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises PortTaken, and BadArgument for a host that is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as unknown:
        raise BadArgument(f"no host {host!r}: {unknown}", hint="give an address of this machine") from unknown
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(2048)
    except OSError as refused:
        listening.close()
        if refused.errno == errno.EADDRNOTAVAIL:
            raise BadArgument(
                f"{host} is no address of this machine", hint="127.0.0.1 or 0.0.0.0"
            ) from refused
        raise PortTaken(
            f"port {port} of {host}: {refused.strerror}", hint="stop who listens there, or give --port 0"
        ) from refused
    return listening


def url_of(listening: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


class Server(uvicorn.Server):
    """Tells when it answers, and says bye to the feed's clients: a plain uvicorn waits for streams that do not know that it ends."""

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn raises a signal once more when it has ended, and would end what surrounds it without its clearing up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.state.feed.close()
        await super().shutdown(sockets)
