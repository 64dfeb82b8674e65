"""Problems: every failure as RFC 9457 `application/problem+json`, with the code that docs and clients know it by."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from mainstem.errors import (
    BadArgument,
    BodyTooLarge,
    DatabaseError,
    DraftConflict,
    DrivenElsewhere,
    GraphRefused,
    IdempotencyConflict,
    InputRefused,
    LegacyColumnsDropped,
    MainstemError,
    MigrationUnknown,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OriginRefused,
    PreconditionFailed,
    PreconditionRequired,
    QueryBudgetExceeded,
    RunIsOver,
    StateRefused,
    StepExists,
    StepIsOver,
    TooManyStreams,
    ValueRefused,
    WorkflowCycle,
)
from mainstem.ledger.redaction import masked

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[MainstemError], HTTPStatus] = {
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    TooManyStreams: HTTPStatus.TOO_MANY_REQUESTS,
    OriginRefused: HTTPStatus.FORBIDDEN,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotFound: HTTPStatus.NOT_FOUND,
    BadArgument: HTTPStatus.UNPROCESSABLE_ENTITY,
    ValueRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdempotencyConflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    LegacyColumnsDropped: HTTPStatus.GONE,
    RunIsOver: HTTPStatus.CONFLICT,
    StepIsOver: HTTPStatus.CONFLICT,
    StepExists: HTTPStatus.CONFLICT,
    StateRefused: HTTPStatus.CONFLICT,
    DrivenElsewhere: HTTPStatus.CONFLICT,
    DraftConflict: HTTPStatus.CONFLICT,
    WorkflowCycle: HTTPStatus.CONFLICT,
    GraphRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    QueryBudgetExceeded: HTTPStatus.SERVICE_UNAVAILABLE,
    MigrationUnknown: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The nearest ancestor counts; what is not here is a 500, as it was not foreseen."""


_HEADERS: dict[int, dict[str, str]] = {
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "2"},
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
}


class Detail(BaseModel):
    """One of several faults of a request."""

    pointer: str = Field(description="JSON pointer, or the parameter's name", examples=["query/status"])
    detail: str


class Problem(BaseModel):
    """RFC 9457, with our code, what to do about it, and the faults of each place."""

    type: str = Field(examples=["/problems/MS001"])
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str = Field(examples=["MS001"])
    hint: str | None = None
    errors: list[Detail] = []
    revision: int | None = Field(
        None, description="Of the draft that is there, when another was edited (MS021)."
    )
    yours: Any = Field(None, description="The graph that was sent (MS021).")
    theirs: Any = Field(None, description="The graph that is there (MS021).")


def may_fail(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the problems it can give, and those that each can."""
    described = {
        "model": Problem,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return {
        status: {**described, "description": HTTPStatus(status).phrase}
        for status in sorted({*statuses, 422, 503})
    }


def problem(request: Request, status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """A response that says what went wrong, for a person and for a program."""
    body = Problem(
        type=f"{request.scope.get('root_path', '')}/problems/{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=masked(detail),
        instance=masked(request.url.path),
        code=code,
        **more,
    )
    headers = _HEADERS.get(status, {})
    return JSONResponse(body.model_dump(mode="json"), status, headers, media_type=MEDIA_TYPE)


def status_of(error: MainstemError) -> HTTPStatus:
    found = next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), None)
    return found or HTTPStatus.INTERNAL_SERVER_ERROR


def told(request: Request, error: MainstemError) -> JSONResponse:
    """The problem that an error of ours is."""
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s", request.method, masked(request.url.path), exc_info=error)
    if isinstance(error, QueryBudgetExceeded):
        request.app.state.metrics.budget_exceeded.inc()
    return problem(request, status, error.code, error.message, hint=error.hint, **_beside(error))


def _beside(error: MainstemError) -> dict[str, Any]:
    """What a program needs to go on: each fault of a graph or an input, and both texts of a draft."""
    if isinstance(error, GraphRefused | InputRefused):
        places = (fault.partition(": ")[::2] for fault in error.faults)
        return {"errors": [Detail(pointer=place, detail=fault) for place, fault in places]}
    if isinstance(error, DraftConflict) and error.theirs is not None:
        return {"revision": error.revision, "yours": error.yours, "theirs": error.theirs}
    return {}


def install(app: FastAPI) -> None:
    """Nothing that fails leaves as anything else, and no text of an unforeseen error leaves at all."""

    @app.exception_handler(MainstemError)
    async def refused(request: Request, error: MainstemError) -> JSONResponse:
        return told(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        places = [
            Detail(pointer="/".join(map(str, one["loc"])), detail=str(one["msg"])) for one in error.errors()
        ]
        return problem(
            request,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            BadArgument.code,
            "the request is not valid",
            errors=places,
        )

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(request, error.status_code, f"HTTP{error.status_code}", str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s", request.method, masked(request.url.path), exc_info=error)
        return problem(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            MainstemError.code,
            "something went wrong that nobody foresaw",
        )
