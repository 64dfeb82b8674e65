"""Answers: links to the next page, tags of what was read, and which problems an operation can give."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder
from pydantic import TypeAdapter

from mainstem.errors import (
    BadArgument,
    MainstemError,
    NotAllowed,
    NotAuthenticated,
    PreconditionFailed,
    PreconditionRequired,
    QueryBudgetExceeded,
)
from mainstem.server.problems import MEDIA_TYPE, STATUS, Problem

ALWAYS: tuple[type[MainstemError], ...] = (NotAuthenticated, NotAllowed, BadArgument, QueryBudgetExceeded)


def described(
    *errors: type[MainstemError], example: Any = None, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """An operation's `responses`: an example of its answer, and the problems that it can give."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in (*ALWAYS, *errors):
        refusal = next(STATUS[cls] for cls in error.__mro__ if cls in STATUS)
        given = found.setdefault(refusal, {"model": Problem, "description": "", "content": {MEDIA_TYPE: {}}})
        words = " ".join((error.__doc__ or error.__name__).split(".")[0].split())
        given["description"] = "; ".join(filter(None, [given["description"], f"{error.code}: {words}"]))
    if example is not None:
        found[status] = {"content": {"application/json": {"example": jsonable_encoder(example)}}}
    return found


def linked(request: Request, response: Response, following: str | None) -> None:
    """`Link: rel=next`, for who reads headers."""
    if following is not None:
        asked = [(name, value) for name, value in request.query_params.multi_items() if name != "page_token"]
        query = urlencode([*asked, ("page_token", following)])
        path = request.scope.get("root_path", "") + request.url.path
        response.headers["Link"] = f'<{path}?{query}>; rel="next"'


def tagged(request: Request, value: Any, tag: str | None = None) -> Response:
    """The value with its ETag; 304 to whoever has it. tag: its state, where a part of it is enough to tell."""
    told = _writer(value.__class__).dump_json(value)
    etag = f'"{tag or hashlib.sha256(told).hexdigest()[:24]}"'
    if etag in _listed(request.headers.get("if-none-match")):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(told, media_type="application/json", headers={"ETag": etag})


def demand_tag(request: Request, tag: str) -> None:
    """Raises PreconditionRequired without an If-Match, PreconditionFailed for another state's."""
    given = demanded(request.headers.get("if-match"))
    if given != "*" and f'"{tag}"' not in _listed(given):
        raise PreconditionFailed("it was changed since it was read", hint="read it again, and change that")


def demanded(if_match: str | None) -> str:
    """What an If-Match says. Raises PreconditionRequired without one."""
    if not (given := (if_match or "").strip()):
        raise PreconditionRequired("a change needs If-Match", hint="send the ETag that the reading gave")
    return given


@cache
def _writer(shape: Any) -> TypeAdapter[Any]:
    """To make one takes longer than to read the run that it writes."""
    return TypeAdapter(shape)


def _listed(header: str | None) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
