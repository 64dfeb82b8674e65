"""What surrounds every answer, failures of the framework too: its id, its line in the log, headers, and what is
refused before a route is asked: foreign pages, bodies without end.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from mainstem.errors import BodyTooLarge, MainstemError, OriginRefused
from mainstem.ledger.redaction import masked
from mainstem.server.config import ServerConfig
from mainstem.server.measured import Metrics
from mainstem.server.problems import told

log = logging.getLogger("mainstem.server.requests")

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")


def surrounded(app: ASGIApp, config: ServerConfig, metrics: Metrics) -> ASGIApp:
    """The application within all of it."""
    return Told(Headed(Guarded(Watched(app), config)), metrics)


@dataclass(frozen=True)
class Told:
    """Gives each request an id, counts it, and tells the log when it is answered."""

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 499  # who asked has gone before the answer began

        async def answering(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and status == 499:
                status = 403
            await send(message)

        try:
            await self.app(scope, receive, answering)
        finally:
            self._tell(scope, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope.get("method", "WEBSOCKET")
        route = _route_of(scope)
        self.metrics.requests.labels(method, route, str(status)).inc()
        if status != 101:  # a socket lasts for hours
            self.metrics.seconds.labels(method, route).observe(seconds)
        caller = scope["state"].get("caller")
        line = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "org": str(caller.org_id) if caller else None,
            "key": caller.name if caller else None,
            "request_id": scope["state"]["request_id"],
        }
        log.info("%s %s %s", method, route, status, extra={"fields": line})


@dataclass(frozen=True)
class Headed:
    """Adds the headers that keep a browser from being used against its user; a route's own stay."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if "/api/" in scope.get("path", ""):
                    headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        await self.app(scope, receive, answering)


@dataclass(frozen=True)
class Guarded:
    """Refuses pages of other sites, names that are not ours, and bodies that are too large, chunked ones too."""

    app: ASGIApp
    config: ServerConfig

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            refuse_foreign(HTTPConnection(scope), self.config)
        except OriginRefused as refused:
            await _refuse(refused)(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        await Limited(self.app, self.config.largest_body)(scope, receive, send)


@dataclass(frozen=True)
class Limited:
    """Counts a body as it comes; what has been answered by then is replaced by the refusal."""

    app: ASGIApp
    most: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) > self.most:
            await self._refuse()(scope, receive, send)
            return
        came, begun = 0, False

        async def counting() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self.most:
                return {"type": "http.disconnect"}
            return message

        async def answering(message: Message) -> None:
            nonlocal begun
            if begun or came <= self.most:
                begun = True
                await send(message)

        try:
            await self.app(scope, counting, answering)
        finally:
            if came > self.most and not begun:
                await self._refuse()(scope, receive, send)

    def _refuse(self) -> ASGIApp:
        return _refuse(
            BodyTooLarge(
                f"the body is larger than {self.most} bytes", hint="store it elsewhere and send where it is"
            )
        )


@dataclass(frozen=True)
class Watched:
    """Cancels what reads for somebody who has gone, and with it the query. What changes something is let end."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in READING:
            await self.app(scope, receive, send)
            return
        came: asyncio.Queue[Message] = asyncio.Queue()
        began = False

        async def answering(message: Message) -> None:
            nonlocal began
            began = True  # a stream sees by itself that nobody listens
            await send(message)

        running = asyncio.ensure_future(self.app(scope, came.get, answering))
        watching = asyncio.create_task(_until_gone(receive, came))
        try:
            await asyncio.wait((running, watching), return_when=asyncio.FIRST_COMPLETED)
            if began or running.done():
                await running
        finally:
            for task in (running, watching):
                task.cancel()
            await asyncio.gather(running, watching, return_exceptions=True)


async def _until_gone(receive: Receive, came: asyncio.Queue[Message]) -> None:
    while True:
        message = await receive()
        came.put_nowait(message)
        if message["type"] == "http.disconnect":
            return


def refuse_foreign(connection: HTTPConnection, config: ServerConfig) -> None:
    """Raise OriginRefused when a page of another site sent this: to change something, or to open a socket."""
    host = connection.headers.get("host", "")
    if config.hosts and _name_in(host) not in config.hosts:
        raise OriginRefused(
            f"this server is not called {host!r}", hint="use one of " + ", ".join(config.hosts)
        )
    if connection.scope["type"] == "http" and connection.scope["method"] in READING:
        return
    origin = connection.headers.get("origin")
    own = origin is None or origin in config.origins or origin.partition("://")[2] == host
    if not own or (origin is None and connection.headers.get("sec-fetch-site") == "cross-site"):
        raise OriginRefused(
            f"a page of {origin or 'another site'} may not do this",
            hint="name its origin in the server's `origins` if it may",
        )


def _refuse(error: MainstemError) -> ASGIApp:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose(4403, error.code)(scope, receive, send)
        else:
            await told(Request(scope), error)(scope, receive, send)

    return refusing


def _route_of(scope: Scope) -> str:
    """The path with the names of its parameters: few words, and no ids. An included router's route does not know its prefix."""
    if "route" not in scope and "endpoint" not in scope:
        return "none"
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    for name, value in scope.get("path_params", {}).items():
        before, found, after = f"{path}/".partition(f"/{value}/")
        path = f"{before}/{{{name}}}/{after}".removesuffix("/") if found else path
    return path


def _name_in(host: str) -> str:
    """Without the port; an IPv6 address keeps its brackets."""
    return host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) and masked(given) == given else uuid4().hex
