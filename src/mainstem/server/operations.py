"""What surrounds the API for who operates it: health, metrics, version, problems in words, and the documentation."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from mainstem.errors import DatabaseError, NotFound, every_error
from mainstem.ledger.catalog import CODE, fitting
from mainstem.ledger.measures import measures
from mainstem.server.access import Admin, database_of
from mainstem.server.database import Database
from mainstem.server.measured import CONTENT_TYPE, Metrics
from mainstem.server.problems import may_fail, status_of

router = APIRouter(tags=["operations"])
Asked = Annotated[Database, Depends(database_of)]

ASSETS = {
    "docs.html": "text/html; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
}


class Health(BaseModel):
    """That it is well."""

    status: str = Field(examples=["ok"])


class Version(BaseModel):
    """What runs here."""

    version: str = Field(examples=["0.1.0"])
    schema_code: int = Field(description="The number that the database's schema must fit.")


class ProblemInWords(BaseModel):
    """What a code of a problem means, and what to do about it."""

    code: str = Field(examples=["MS001"])
    name: str = Field(examples=["NotFound"])
    status: int = Field(examples=[404])
    meaning: str
    family: str = Field(description="The code's nearest ancestor, with its meaning.")


@router.get("/healthz", operation_id="is_alive", summary="The process answers", responses=may_fail())
async def healthz() -> Health:
    """Asks nothing of anybody."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="is_ready",
    summary="The database answers, and its schema fits",
    responses=may_fail(),
)
async def readyz(database: Asked) -> Health:
    """Else the problem, 503: send no requests here."""
    await database.ask(fitting())
    return Health(status="ok")


@router.get(
    "/metrics",
    operation_id="read_metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **may_fail(401, 403)},
)
async def metrics(_caller: Admin, request: Request, database: Asked) -> Response:
    """Of this process, and numbers over all tenants: an admin's key is needed. Without a database the former only."""
    counted: Metrics = request.app.state.metrics
    counted.stream_clients.set(request.app.state.feed.streams)
    try:
        counted.take(await database.ask(measures()))
        counted.database_up.set(1)
    except DatabaseError:
        counted.take([])
        counted.database_up.set(0)
    return Response(counted.text(), media_type=CONTENT_TYPE)


@router.get("/version", operation_id="read_version", summary="What runs here", responses=may_fail())
async def read_version() -> Version:
    """Of the code, not of the database."""
    return Version(version=version("mainstem"), schema_code=CODE)


@router.get(
    "/problems/{code}", operation_id="read_problem", summary="A problem in words", responses=may_fail(404)
)
async def read_problem(code: str) -> ProblemInWords:
    """The address that a problem has as its `type`."""
    found = every_error().get(code)
    if found is not None:
        family = found.__mro__[1]
        return ProblemInWords(
            code=code,
            name=found.__name__,
            status=status_of(found("")),
            meaning=_words(found),
            family=f"{family.__name__}: {_words(family)}",
        )
    status = next((one for one in HTTPStatus if code == f"HTTP{one.value}"), None)
    if status is None:
        raise NotFound(f"no problem has the code {code[:20]!r}", hint="codes are MS and three digits")
    return ProblemInWords(
        code=code,
        name=status.phrase,
        status=status,
        meaning=status.description or status.phrase,
        family="HTTP",
    )


@router.get("/docs", include_in_schema=False)
async def docs() -> Response:
    return _asset("docs.html")


@router.get("/docs/{name}", include_in_schema=False)
async def docs_asset(name: str) -> Response:
    return _asset(name)


def _asset(name: str) -> Response:
    if name not in ASSETS:
        raise NotFound(f"no page {name[:40]!r}", hint="open /docs")
    return Response(files("mainstem.server").joinpath("assets", name).read_bytes(), media_type=ASSETS[name])


def _words(found: type[Any]) -> str:
    return " ".join((found.__doc__ or "").split())
