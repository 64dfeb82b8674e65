"""Asking an application in this process as a server would: also for streams, which never end by themselves."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_problem(self) -> bool:
        return self.headers.get("content-type") == "application/problem+json"


async def ask(
    app: ASGIApp,
    method: str,
    url: str,
    *,
    key: str | None = None,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """The whole answer; of a stream what it sends in its first moment."""
    sent = {"host": "server", **(headers or {})}
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if body is not None:
        sent = {"content-type": "application/json", **sent}
    if key is not None:
        sent["authorization"] = f"Bearer {key}"
    return await _exchange(app, _scope(method, url, sent), content)


def _scope(method: str, url: str, headers: dict[str, str]) -> dict[str, Any]:
    path, _, query = url.partition("?")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("server", 80), "state": {},
    }  # fmt: skip


async def _exchange(app: ASGIApp, scope: dict[str, Any], content: bytes) -> Answer:
    answer, streaming, asked = Answer(), asyncio.Event(), [content]

    async def receive() -> Message:
        if asked:
            return {"type": "http.request", "body": asked.pop(), "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")
            if "event-stream" in answer.headers.get("content-type", ""):
                streaming.set()

    running = asyncio.ensure_future(app(scope, receive, send))
    waiting = asyncio.create_task(streaming.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED, timeout=30)
    for task in (running, waiting):
        task.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    return answer


async def knock(app: ASGIApp, path: str, *, headers: dict[str, str] | None = None) -> list[Message]:
    """What a socket is answered before anybody sends a word."""
    sent: list[Message] = []
    answered = asyncio.Event()
    scope = _scope("GET", path, {"host": "server", **(headers or {})})
    offered = (headers or {}).get("sec-websocket-protocol", "")
    scope |= {
        "type": "websocket",
        "scheme": "ws",
        "subprotocols": [one.strip() for one in offered.split(",") if one],
    }

    async def receive() -> Message:
        if not sent:
            return {"type": "websocket.connect"}
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Message) -> None:
        sent.append(message)
        answered.set()

    running = asyncio.ensure_future(app(scope, receive, send))
    waiting = asyncio.create_task(answered.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED, timeout=10)
    for task in (running, waiting):
        task.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    return sent
