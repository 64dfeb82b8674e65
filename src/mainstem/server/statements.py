"""Statements: whoever reads with `Accept: application/sql` is told what was asked of the database, in place of its answer.

So a list can be had without the server, and nobody writes its SQL down a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mainstem.ledger.audit import AuditOf
from mainstem.ledger.call import Call
from mainstem.ledger.statement import statement_of

if TYPE_CHECKING:
    from mainstem.server.database import Database

T = TypeVar("T")

MEDIA_TYPE = "application/sql"


@dataclass(frozen=True)
class Stated:
    """Performs the request as ever, so that what is refused is refused; then only its answer is another."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _asks(scope):
            await self.app(scope, receive, send)
            return
        statements: list[str] = []
        scope.setdefault("state", {})["statements"] = statements
        await self.app(scope, receive, _Answer(send, statements))


def _asks(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return Headers(scope=scope).get("accept", "").partition(";")[0].strip() == MEDIA_TYPE


@dataclass
class _Answer:
    """Holds an answer of JSON back until it is known what it was made of; any other passes."""

    send: Send
    statements: list[str]
    held: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if not self.held and not _is_read(message):
            await self.send(message)
            return
        self.held.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            for answer in self._told() if self.statements else self.held:
                await self.send(answer)

    def _told(self) -> list[Message]:
        headers = [
            (b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode()),
            (b"cache-control", b"no-store"),
        ]
        return [
            {"type": "http.response.start", "status": 200, "headers": headers},
            {"type": "http.response.body", "body": "\n".join([*self.statements, ""]).encode()},
        ]


def _is_read(message: Message) -> bool:
    if message["type"] != "http.response.start" or message["status"] != 200:
        return False
    return Headers(raw=message["headers"]).get("content-type") == "application/json"


@dataclass(frozen=True)
class Stating:
    """The database of a request that wants to know what it is asked."""

    database: Database
    statements: list[str]

    async def perform(self, call: Call[T], *, org_id: UUID, audit: AuditOf | None = None) -> T:
        answer = await self.database.perform(call, org_id=org_id, audit=audit)
        if not self.statements:
            self.statements.append(f"-- set role mainstem_app; set app.current_org_id = '{org_id}';")
        self.statements.append(f"{statement_of(call)};")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)
