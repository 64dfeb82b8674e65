"""A conversation: one WebSocket, its subscriptions, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from enum import IntEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mainstem.errors import BadArgument, MainstemError, NotAllowed, NotAuthenticated, TooManyStreams
from mainstem.ledger.changes import Cursor
from mainstem.server.access import Caller, caller_of
from mainstem.server.live.feed import Feed
from mainstem.server.live.interest import Interest

log = logging.getLogger(__name__)

IDLE = 60.0
"""Seconds that a socket may be silent while it is subscribed to nothing."""

MOST_SUBSCRIPTIONS = 50


class Code(IntEnum):
    """Why the server closes a socket."""

    PROTOCOL_ERROR = 1002
    FAILED = 1011
    RESTART = 1012
    UNKNOWN_CALLER = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    SLOW = 4409
    TOO_MANY = 4429


class Subscribe(BaseModel):
    """Begin a subscription, or begin it anew under its name."""

    op: Literal["subscribe"]
    sub: str = Field(min_length=1, max_length=64)
    topic: str = Field(max_length=4000)
    q: str | None = Field(default=None, max_length=4000)
    cursor: str | None = Field(default=None, max_length=200)


class Unsubscribe(BaseModel):
    """End it."""

    op: Literal["unsubscribe"]
    sub: str


class Ping(BaseModel):
    """Answered with `pong`."""

    op: Literal["ping"]


PROTOCOL = "mainstem.v1"

Op: TypeAlias = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="op")]
_OPS: TypeAdapter[Op] = TypeAdapter(Op)

Ending: TypeAlias = tuple[Code, str]


async def converse(socket: WebSocket, feed: Feed) -> None:
    """From the handshake to the close."""
    try:
        caller = await caller_of(socket)
        if PROTOCOL not in socket.scope["subprotocols"]:
            raise BadArgument("no subprotocol that is spoken here", hint=f"offer {PROTOCOL}")
        with feed.stream(caller.org_id):
            await socket.accept(PROTOCOL)
            await Conversation(socket, feed, caller).run()
    except WebSocketDisconnect:
        return
    except MainstemError as refusal:
        await _refuse(socket, refusal)


async def _refuse(socket: WebSocket, refusal: MainstemError) -> None:
    """A browser is told why only by a socket that was accepted."""
    code, reason = _ending(refusal)
    await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
    await socket.close(code, reason)


def _ending(error: MainstemError) -> Ending:
    match error:
        case NotAuthenticated():
            code = Code.UNKNOWN_CALLER
        case NotAllowed():
            code = Code.FORBIDDEN
        case TooManyStreams():
            code = Code.TOO_MANY
        case BadArgument():
            code = Code.PROTOCOL_ERROR
        case _:
            code = Code.FAILED
    return code, _short(f"{error.code}: {error.message}")


def _short(reason: str) -> str:
    """A close frame holds 123 bytes of reason."""
    return reason.encode()[:123].decode(errors="ignore")


class Conversation:
    """Subscriptions by name, each a task that sends its frames; the first reason to end counts."""

    def __init__(self, socket: WebSocket, feed: Feed, caller: Caller) -> None:
        self._socket = socket
        self._feed = feed
        self._caller = caller
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        hearing: asyncio.Future[Any] = asyncio.create_task(self._hear())
        try:
            with (
                self._feed.told_the_end(lambda: self._end(Code.RESTART, "the server restarts")),
                self._feed.holders.let_in(self._caller, self._key_ended),
            ):
                ended: asyncio.Future[Any] = self._ended
                await asyncio.wait({hearing, ended}, return_when=asyncio.FIRST_COMPLETED)
                if self._ended.done():
                    await self._close(*self._ended.result())
                else:
                    hearing.result()
        finally:
            for task in (hearing, *self._pumps.values()):
                task.cancel()
            await asyncio.gather(hearing, *self._pumps.values(), return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            try:
                async with asyncio.timeout(None if self._pumps else IDLE):
                    text = await self._text()
            except TimeoutError:
                self._end(Code.IDLE, "subscribed to nothing")
                return
            try:
                op = _OPS.validate_json(text)
            except ValidationError as refusal:
                self._end(Code.PROTOCOL_ERROR, str(refusal.errors()[0]["msg"]))
                return
            await self._do(op)

    async def _text(self) -> str:
        """Empty, and so not understood, for bytes."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        return message.get("text") or ""

    async def _do(self, op: Op) -> None:
        match op:
            case Ping():
                await self._send('{"type":"pong"}')
            case Unsubscribe(sub=sub):
                await self._stop(sub)
            case Subscribe(sub=sub):
                await self._stop(sub)
                if len(self._pumps) >= MOST_SUBSCRIPTIONS:
                    self._end(Code.TOO_MANY, f"{MOST_SUBSCRIPTIONS} subscriptions are open")
                else:
                    self._pumps[sub] = pump = asyncio.create_task(self._pump(op))
                    pump.add_done_callback(self._stopped)

    async def _stop(self, sub: str) -> None:
        if (pump := self._pumps.pop(sub, None)) is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _pump(self, asked: Subscribe) -> None:
        try:
            interest = Interest.parse(asked.topic, asked.q)
            cursor = None if asked.cursor is None else Cursor.parse(asked.cursor)
            with self._feed.subscribed(
                self._caller.org_id, interest, fell_behind=self._fell_behind
            ) as subscription:
                async with aclosing(subscription.batches(cursor)) as batches:
                    async for batch in batches:
                        for frame in batch.frames:
                            await self._send(frame.message(asked.sub))
            self._end(Code.FAILED, "the feed ended: go on from the last id you had")
        except WebSocketDisconnect:
            return
        except MainstemError as refusal:
            self._end(*_ending(refusal))

    def _stopped(self, pump: asyncio.Task[None]) -> None:
        """A subscription ended by what nobody foresaw takes the socket with it: its client would wait for ever."""
        if not pump.cancelled() and (error := pump.exception()) is not None:
            log.error("a subscription broke", exc_info=error)
            self._end(Code.FAILED, "something went wrong that nobody foresaw")

    def _key_ended(self) -> None:
        self._end(Code.UNKNOWN_CALLER, "this key lets nobody in any more")

    def _fell_behind(self) -> None:
        self._end(Code.SLOW, "too slow: go on from the last id you had")

    def _end(self, code: Code, reason: str) -> None:
        if not self._ended.done():
            self._ended.set_result((code, reason))

    async def _send(self, text: str) -> None:
        async with self._sending:
            if self._socket.application_state is not WebSocketState.CONNECTED:
                raise WebSocketDisconnect
            await self._socket.send_text(text)

    async def _close(self, code: Code, reason: str) -> None:
        """At a restart the subscriptions first say bye. A client that takes nothing cannot keep us."""
        if code is Code.RESTART and self._pumps:
            await asyncio.wait(self._pumps.values(), timeout=2)
        for pump in self._pumps.values():
            pump.cancel()
        try:
            if self._socket.application_state is WebSocketState.CONNECTED:
                async with asyncio.timeout(5):
                    await self._socket.close(code, _short(reason))
        except (TimeoutError, WebSocketDisconnect):
            return
