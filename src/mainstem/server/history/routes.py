"""The routes of the old API: the list, and one run by its integer id."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from mainstem.errors import BadArgument
from mainstem.ledger import history
from mainstem.server.access import Viewer, database_of
from mainstem.server.config import ServerConfig
from mainstem.server.database import Database
from mainstem.server.history.analytics import analytics_of
from mainstem.server.history.fields import Reading
from mainstem.server.history.item import HistoryItem, HistoryPage
from mainstem.server.problems import MEDIA_TYPE, Problem

router = APIRouter(prefix="/api", tags=["history of the old application"])
Asked = Annotated[Database, Depends(database_of)]

NOTICE = "Mainstem-Notice"
DEEP = 10_000
"""Above this offset an answer says what pages better."""

DEFAULT_LIMIT = 20
LARGEST = (1 << 63) - 1

REFUSALS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": said}
    for status, said in {
        401: "Who asks?",
        403: "Not with this key",
        404: "No such run in this tenant's history",
        422: "A parameter is not valid",
        503: "The database is away, or the query took longer than its budget. Never an empty list instead.",
    }.items()
}


def reading_of(config: ServerConfig) -> Reading:
    """Raises BadArgument for a zone that is none."""
    try:
        zone = ZoneInfo(config.history_timezone)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise BadArgument(
            f"history_timezone: {config.history_timezone!r} is no time zone",
            hint="give a name of the IANA database, like Europe/Berlin",
        ) from unknown
    return Reading(zone=zone, native_status=config.history_native_status)


async def read_page(
    database: Database, org_id: UUID, asked: history.Asked, *, limit: int = DEFAULT_LIMIT, offset: int = 0
) -> HistoryPage:
    """What the list answers, and what the socket sends. Raises what the database does."""
    reading = reading_of(database.config)
    found = await database.perform(history.page(asked, limit=limit, offset=offset), org_id=org_id)
    counted = await database.perform(history.analytics(), org_id=org_id)
    return HistoryPage(
        workflows=[reading.item(row) for row in found.rows],
        total_count=found.total,
        analytics=analytics_of(counted),
    )


class Parameters:
    """The list's. An empty one asks nothing, as before."""

    def __init__(
        self,
        *,
        status: Annotated[
            str | None,
            Query(
                description="One or several with commas: pending, running, completed, failed, or a native one"
            ),
        ] = None,
        model: Annotated[str | None, Query(description="model_used, exactly")] = None,
        template: Annotated[str | None, Query(description="workflow_template, exactly")] = None,
        start_date: Annotated[str | None, Query(description="created_at from, compared as text")] = None,
        end_date: Annotated[str | None, Query(description="created_at to, compared as text")] = None,
        search: Annotated[
            str | None,
            Query(description="In adw_id, nl_input and github_url, whatever the case", examples=["upload"]),
        ] = None,
        sort_by: Annotated[
            str, Query(description="One of eleven fields; any other is created_at")
        ] = "created_at",
        sort_order: Literal["ASC", "DESC"] = "DESC",
    ) -> None:
        self.asked = history.Asked(
            statuses=status.split(",") if status else None,
            model=model or None,
            template=template or None,
            start_date=start_date or None,
            end_date=end_date or None,
            search=search or None,
            sort_by=sort_by,
            sort_order=sort_order,
        )


@router.get(
    "/workflow-history",
    operation_id="list_workflow_history",
    summary="Runs as the old history application listed them",
    responses={status: said for status, said in REFUSALS.items() if status != 404},
)
async def list_workflow_history(
    *,
    response: Response,
    caller: Viewer,
    database: Asked,
    parameters: Annotated[Parameters, Depends()],
    limit: Annotated[int, Query(ge=0, le=1000, description="0 is 20", examples=[50])] = DEFAULT_LIMIT,
    offset: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> HistoryPage:
    """Frozen for clients of old: every run of the tenant, consolidated or native; analytics ignore the filters."""
    if offset > DEEP:
        response.headers[NOTICE] = (
            f"offset {offset} reads that many runs to drop them; GET /api/v1/runs pages by cursor"
        )
    return await read_page(
        database, caller.org_id, parameters.asked, limit=limit or DEFAULT_LIMIT, offset=offset
    )


@router.get(
    "/workflow-history/{number}",
    operation_id="read_workflow_history",
    summary="The run with this integer id",
    responses=REFUSALS,
)
async def read_workflow_history(
    *,
    request: Request,
    response: Response,
    caller: Viewer,
    database: Asked,
    number: Annotated[int, Path(ge=0, le=LARGEST, description="`id` of the list", examples=[14])],
) -> HistoryItem:
    """Where several runs have it, the first, and a notice that names the others."""
    found = await database.perform(history.numbered(number), org_id=caller.org_id)
    if others := [str(row["run_id"]) for row in found[1:]]:
        response.headers[NOTICE] = f"also the id of {', '.join(others)}"
    return reading_of(request.app.state.config).item(found[0])
