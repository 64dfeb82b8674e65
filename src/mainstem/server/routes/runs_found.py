"""Runs by a filter: pages, counts, facets, histogram, export; and where any id leads."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from mainstem.errors import NotFound
from mainstem.ledger.jump import jump_to
from mainstem.ledger.search import (
    Count,
    Facets,
    count_runs,
    facets_of_runs,
    find_runs,
    histogram_of_runs,
)
from mainstem.ledger.search.pages import SORTS
from mainstem.ledger.search.words import DOCUMENTS, EXAMPLES, KEYS, RULES, Key
from mainstem.model import FoundPage
from mainstem.server.access import Viewer
from mainstem.server.answers import described, linked
from mainstem.server.exports import MEDIA_TYPES, exported
from mainstem.server.routes.asking import Asked, Found, PageSize, PageToken, Seconds, Sort
from mainstem.server.shapes.runs import FilterKey, Filters, HistogramOfRuns, Jump

router = APIRouter(tags=["runs"])


@router.get("/runs", operation_id="list_runs", summary="Runs that a filter finds", responses=described())
async def list_runs(
    *, caller: Viewer, database: Asked, found: Found, seconds: Seconds, request: Request, response: Response,
    page_size: PageSize = 50, page_token: PageToken = None, sort: Sort = "-created",
) -> FoundPage:  # fmt: skip
    """The last begun first. `searched_back_to`: the time was over before the page was full; `next` goes on from there."""
    call = find_runs(found, sort=sort, limit=page_size, after=page_token, budget=seconds)
    page = await database.perform(call, org_id=caller.org_id)
    linked(request, response, page.next)
    return page


@router.get(
    "/runs/count", operation_id="count_runs", summary="How many runs a filter finds", responses=described()
)
async def count(caller: Viewer, database: Asked, found: Found, seconds: Seconds) -> Count:
    """Exact to 10,000 and within the time; beyond that `gte`."""
    return await database.perform(count_runs(found, budget=seconds), org_id=caller.org_id)


@router.get(
    "/runs/facets",
    operation_id="read_facets",
    summary="The commonest values among what is found",
    responses=described(),
)
async def facets(caller: Viewer, database: Asked, found: Found, seconds: Seconds) -> Facets:
    """Among the latest 10,000."""
    return await database.perform(facets_of_runs(found, budget=seconds), org_id=caller.org_id)


@router.get(
    "/runs/histogram",
    operation_id="read_histogram",
    summary="When what is found was begun",
    responses=described(),
)
async def histogram(
    caller: Viewer,
    database: Asked,
    found: Found,
    seconds: Seconds,
    buckets: Annotated[int, Query(ge=1, le=500)] = 60,
) -> HistogramOfRuns:
    """Of the latest 10,000, in equal spans of time."""
    told = await database.perform(
        histogram_of_runs(found, buckets=buckets, budget=seconds), org_id=caller.org_id
    )
    drawn = {"from": told.start, "to": told.end, "step_seconds": told.step_seconds}
    return HistogramOfRuns.model_validate({**drawn, "buckets": told.buckets, "counted": told.counted})


@router.get(
    "/runs/export",
    operation_id="export_runs",
    summary="All that a filter finds, as CSV or NDJSON",
    response_class=Response,
    responses={**described(), 200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}}},
)
async def export(
    *, caller: Viewer, database: Asked, found: Found, seconds: Seconds, sort: Sort = "-created",
    form: Annotated[Literal["csv", "ndjson"] | None, Query(alias="format")] = None,
    accept: Annotated[str | None, Header()] = None,
) -> StreamingResponse:  # fmt: skip
    """However many they are. An answer that breaks off is not whole: its last chunk is missing."""
    chosen = form or ("csv" if "text/csv" in (accept or "") else "ndjson")

    async def page_after(token: str | None) -> FoundPage:
        call = find_runs(found, sort=sort, limit=1000, after=token, budget=seconds)
        return await database.perform(call, org_id=caller.org_id)

    first = await page_after(None)  # what is wrong is a problem, as long as nothing was sent
    return StreamingResponse(
        exported(first, page_after, chosen),
        media_type=MEDIA_TYPES[chosen],
        headers={"Content-Disposition": f'attachment; filename="runs.{chosen}"'},
    )


@router.get("/jump", operation_id="jump", summary="Where any id leads", responses=described(NotFound))
async def jump(
    caller: Viewer,
    database: Asked,
    wanted: Annotated[str, Query(alias="id", min_length=1, max_length=255, examples=["1001"])],
) -> Jump:
    """The id of a run or a step, the number either had before it was consolidated, an old key, or an external id."""
    found = await database.perform(jump_to(wanted), org_id=caller.org_id)
    return Jump(kind=found.kind, run_id=found.run_id, step_id=found.step_id, by=found.by)


@router.get("/filters", operation_id="read_filters", summary="The filter language", responses=described())
async def filters(_caller: Viewer) -> Filters:
    """Every key, what it takes, and how it is written."""
    return Filters(
        keys=[_told(key) for key in KEYS.values()],
        documents=[_told(key) for key in DOCUMENTS.values()],
        rules=list(RULES),
        examples=list(EXAMPLES),
        sorts=list(SORTS),
    )


def _told(key: Key) -> FilterKey:
    return FilterKey(
        name=key.name,
        kind=key.kind.name.lower(),
        takes=key.kind.value,
        says=key.says,
        operators=list(key.operators),
        choices=list(key.choices),
        examples=list(key.examples),
    )
