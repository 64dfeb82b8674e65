"""The socket of the old API: the latest fifty runs at once, and again whenever something changed, once a second at most."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from mainstem.errors import MainstemError, NotAllowed, NotAuthenticated
from mainstem.server.access import SOCKET_KEY, caller_of
from mainstem.server.database import Database
from mainstem.server.history.feed import PAUSE, Feeds
from mainstem.server.history.item import HistoryPage

router = APIRouter()

NO_KEY, NOT_WITH_THIS_KEY, BROKEN = 4401, 4403, 1011
"""Codes of a close."""


@dataclass
class Connection:
    """One client, of one tenant."""

    socket: WebSocket
    database: Database
    org_id: UUID
    feeds: Feeds
    sent: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    wants_delta: bool = False

    async def send_changes(self) -> None:
        """Until the client is gone."""
        async with self.feeds.joined(self.database, self.org_id) as feed:
            number, page = await feed.first()
            while True:
                await self.send(page)
                await asyncio.sleep(PAUSE)
                number, page = await feed.after(number)

    async def send(self, page: HistoryPage) -> None:
        data = page.model_dump(mode="json")
        self.number += 1
        message = {"type": "workflow_history_update", "data": data}
        if self.wants_delta and self.sent:
            message = {"type": "workflow_history_delta", "data": difference(self.sent, data)}
        self.sent = data
        await self.socket.send_json(message | {"cursor": str(self.number)})

    async def receive(self) -> None:
        """What is no message of the protocol is passed over, as it always was."""
        while True:
            received = await self.socket.receive()
            if received["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(received.get("code", 1000))
            match _message(received.get("text")):
                case {"type": "ping", **more}:
                    await self.socket.send_json({"type": "pong", "timestamp": more.get("timestamp")})
                case {"type": "client_ready", **more}:
                    self.wants_delta = more.get("delta") is True


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The runs that are new or other, the ids of those that are no more among the latest, and the figures as they are now."""
    known = {run["run_id"]: run for run in before["workflows"]}
    shown = {run["run_id"] for run in after["workflows"]}
    return {
        "workflows": [run for run in after["workflows"] if known.get(run["run_id"]) != run],
        "removed": [run["id"] for run in before["workflows"] if run["run_id"] not in shown],
        "total_count": after["total_count"],
        "analytics": after["analytics"],
    }


@router.websocket("/ws/workflow-history")
async def follow_workflow_history(socket: WebSocket) -> None:
    """The snapshot comes without being asked for; each connection sees its own tenant only."""
    try:
        caller = await caller_of(socket)
        await socket.accept(_subprotocol(socket))
        state = socket.app.state
        await _converse(Connection(socket, state.database, caller.org_id, state.history_feeds))
    except MainstemError as refused:
        await _refuse(socket, refused)


async def _converse(connection: Connection) -> None:
    """Send and receive, until either ends."""
    tasks = [asyncio.create_task(connection.send_changes()), asyncio.create_task(connection.receive())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except WebSocketDisconnect:
        return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _refuse(socket: WebSocket, refused: MainstemError) -> None:
    """A failure is a failure: told, and the connection closed, so that an old page goes over to asking."""
    codes: dict[type[MainstemError], int] = {NotAuthenticated: NO_KEY, NotAllowed: NOT_WITH_THIS_KEY}
    told = {"type": "error", "code": refused.code, "detail": refused.message, "hint": refused.hint}
    with suppress(WebSocketDisconnect):
        if (
            socket.application_state is WebSocketState.CONNECTING
        ):  # a browser is told why only by a socket that was accepted
            await socket.accept(_subprotocol(socket))
        await socket.send_json(told)
        await socket.close(codes.get(type(refused), BROKEN), refused.code)


def _subprotocol(socket: WebSocket) -> str | None:
    """A browser that offered some wants one of them back; the one that is a key is not told to anybody."""
    offered: list[str] = socket.scope["subprotocols"]
    return next((one for one in offered if not one.startswith(SOCKET_KEY)), None)


def _message(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return None
