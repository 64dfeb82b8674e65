"""The live feed: Server-Sent Events, and a socket beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from mainstem.ledger.changes import Cursor, newest, read_changes
from mainstem.server.access import Viewer
from mainstem.server.live import Feed, Interest, Subscription
from mainstem.server.live.conversation import converse
from mainstem.server.problems import MEDIA_TYPE, Problem
from mainstem.server.routes.asking import Asked

router = APIRouter(tags=["live"])

HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
"""Neither a cache nor a proxy may wait for more."""

EXAMPLE = """event: run
id: AAAAAAAAEdwqA…
data: {"run_id":"01a1f118-f356-7588-91f7-88e91e000000","status":"running","at":"2026-03-01T09:30:00.123Z",\
"steps":[{"step_number":2,"state":"completed"}],"run":{"workflow":"intake","channel":"web","status":"running"}}

: ping
id: AAAAAAAAEdwqB…

"""


def feed_of(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


class Stream(EventSourceResponse):
    """Events until the client goes or the server does; then its place is free again."""

    def __init__(self, place: ExitStack, events: AsyncGenerator[bytes, None]) -> None:
        self._place = place
        self._events = events
        super().__init__(self._events, headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            async with aclosing(self._events):
                await super().__call__(scope, receive, send)


async def _events(
    subscription: Subscription, cursor: Cursor | None, *, follow: bool
) -> AsyncGenerator[bytes, None]:
    async with aclosing(subscription.batches(cursor, follow=follow)) as batches:
        async for batch in batches:
            yield batch.events


def _refusals(**told: str) -> dict[int | str, dict[str, Any]]:
    return {
        int(status[1:]): {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
        }
        for status, text in told.items()
    }


@router.get(
    "/stream",
    operation_id="stream",
    summary="Follow runs as they change",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Frames, as they come", "content": {"text/event-stream": {"example": EXAMPLE}}},
        **_refusals(
            _422="No such topic, filter or cursor (MS010)",
            _429="Too many live connections of this tenant (MS621)",
        ),
    },
)
async def stream(
    caller: Viewer,
    feed: Annotated[Feed, Depends(feed_of)],
    database: Asked,
    *,
    topics: Annotated[
        str, Query(description="`runs`, or `run:ID`, several with commas", examples=["runs"], max_length=4000)
    ] = "runs",
    q: Annotated[
        str | None,
        Query(
            description="Of the topic `runs` only those; by status:, workflow: and channel:",
            examples=["status:failed,timeout"],
            max_length=4000,
        ),
    ] = None,
    cursor: Annotated[
        str | None, Query(description="Go on after this id; Last-Event-ID counts before it", max_length=200)
    ] = None,
    follow: Annotated[
        bool,
        Query(
            description="False: what there is after the cursor, and then the end, for who asks now and then"
        ),
    ] = True,
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Server-Sent Events, from now or from a cursor. Frames: `run` (a run and which of its steps changed), `gap` (you
    were slow: what follows is read anew, nothing is missed), `reset` (the cursor is too old: read your lists again),
    `bye` (the server goes, its database does not answer, or the key lets nobody in any more: connect again).
    """
    interest = Interest.parse(topics, q)
    given = last_event_id or cursor
    start = Cursor.parse(given) if given else None
    now = await database.perform(newest(), org_id=caller.org_id)
    await database.perform(
        read_changes(now, limit=1), org_id=caller.org_id
    )  # what fails is a problem, not a stream that says nothing
    with ExitStack() as place:
        place.enter_context(feed.stream(caller.org_id))
        subscription = place.enter_context(feed.subscribed(caller.org_id, interest))
        place.enter_context(feed.holders.let_in(caller, subscription.end))
        return Stream(place.pop_all(), _events(subscription, start or Cursor.at(now), follow=follow))


@router.websocket("/ws")
async def socket(websocket: WebSocket) -> None:
    """Subscriptions over one socket, in the subprotocol mainstem.v1."""
    await converse(websocket, websocket.app.state.feed)
