"""Runs: start, read, and what a run consists of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response

from mainstem.errors import (
    DrivenElsewhere,
    IdempotencyConflict,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    RunIsOver,
)
from mainstem.flow.given import Test
from mainstem.flow.traces import is_traceparent
from mainstem.flow.values import dumped
from mainstem.ledger import definitions, runs
from mainstem.ledger.starting import NewRun, start_run
from mainstem.model import ContextEntry, Run
from mainstem.server.access import Operator, Viewer
from mainstem.server.answers import described, tagged
from mainstem.server.caller import Caller
from mainstem.server.comparing import compare
from mainstem.server.database import Database
from mainstem.server.drawings import graph, key_of, timeline
from mainstem.server.drawn_graphs import drawn_graph, is_drawable
from mainstem.server.routes.asking import Asked
from mainstem.server.shapes.runs import (
    AllEvents,
    AllScreenshots,
    AllSteps,
    Comparison,
    Context,
    ContextItem,
    Graph,
    Start,
    Started,
    StepEvent,
    StepScreenshot,
    Timeline,
)

router = APIRouter(prefix="/runs", tags=["runs"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Sent again with the same input, it gives the same run for 30 days.",
    ),
]
ContextKey = Annotated[str, Path(min_length=1, max_length=255)]
_READ = described(NotFound)


@router.post(
    "",
    operation_id="start_run",
    summary="Start a run",
    status_code=201,
    responses={
        **described(NotFound, IdempotencyConflict),
        200: {"model": Started, "description": "Its idempotency key had begun it before."},
    },
)
async def start(
    *, caller: Operator, database: Asked, given: Start, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> Started:  # fmt: skip
    """It is durable when this answers; a worker takes it."""
    arguments = dumped(given.input, "the input")
    await database.refuse_misfit(
        caller.org_id, given.workflow or given.workflow_id, given.version, given.input
    )
    new = NewRun(
        **given.model_dump(exclude={"input", "is_test", "test"}),
        input=arguments,
        is_test=given.is_test or given.test is not None,
        test=None if given.test is None else Test(outputs=given.test.outputs, pins=given.test.pins).as_json(),
        created_by=caller.user_id,
        idempotency_key=idempotency_key,
        traceparent=_traceparent(request),
    )
    run_id, is_new = await database.perform(
        start_run(new),
        org_id=caller.org_id,
        audit=lambda begun: caller.did("runs.start", begun[0], workflow=given.workflow, is_new=begun[1]),
    )
    response.headers["Location"] = f"{request.scope.get('root_path', '')}{request.url.path}/{run_id}"
    if not is_new:
        response.status_code = 200
        response.headers["Idempotency-Replayed"] = "true"
    return Started(run_id=run_id, is_new=is_new)


def _traceparent(request: Request) -> str | None:
    given = request.headers.get("traceparent", "")
    return given if is_traceparent(given) else None


async def _run(database: Any, caller: Any, run_id: UUID) -> Run:
    run: Run = await database.perform(runs.read_run(run_id), org_id=caller.org_id)
    return run


@router.get(
    "/{run_id}", operation_id="read_run", summary="A run with its steps", response_model=Run, responses=_READ
)
async def read(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """With an ETag: `If-None-Match` gives 304 as long as nothing has changed."""
    return tagged(request, await _run(database, caller, run_id))


@router.get(
    "/{run_id}/steps",
    operation_id="read_steps",
    summary="A run's steps",
    response_model=AllSteps,
    responses=_READ,
)
async def steps(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """In order."""
    return tagged(request, AllSteps(steps=(await _run(database, caller, run_id)).steps))


@router.get(
    "/{run_id}/timeline",
    operation_id="read_timeline",
    summary="When what happened",
    response_model=Timeline,
    responses=_READ,
)
async def read_timeline(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """Spans of the run, its time in the queue, its steps, their attempts and waits."""
    return tagged(request, timeline(await _run(database, caller, run_id)))


@router.get(
    "/{run_id}/graph",
    operation_id="read_run_graph",
    summary="What ran, as a graph",
    response_model=Graph,
    responses=_READ,
)
async def read_graph(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """Over the definition that the run began with, where it has one; of a drawn graph with each way's reason."""
    run = await _run(database, caller, run_id)
    defined = await _defined(database, caller, run)
    return tagged(request, graph(run) if defined is None else drawn_graph(run, defined))


async def _defined(database: Database, caller: Caller, run: Run) -> Any:
    """The graph of the run's own version; None: it is code, or its version was never published here."""
    try:
        version = await database.perform(
            definitions.read_version(run.workflow_id, run.workflow_version), org_id=caller.org_id
        )
    except NotFound:
        return None
    found = version.graph_config
    return found if is_drawable(found, run) else None


@router.get(
    "/{run_id}/events",
    operation_id="read_events",
    summary="A run's events",
    response_model=AllEvents,
    responses=_READ,
)
async def events(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """Its own and those of its steps, by time."""
    run = await _run(database, caller, run_id)
    found = [StepEvent(step_number=0, node_key=None, event=event) for event in run.events]
    found += [
        StepEvent(step_number=step.step_number, node_key=key_of(step), event=event)
        for step in run.steps
        for event in step.events
    ]
    return tagged(request, AllEvents(events=sorted(found, key=lambda one: one.event.sorts_at)))


@router.get(
    "/{run_id}/screenshots",
    operation_id="read_screenshots",
    summary="What a run's steps showed",
    response_model=AllScreenshots,
    responses=_READ,
)
async def screenshots(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """In the order of the steps."""
    run = await _run(database, caller, run_id)
    found = [
        StepScreenshot(
            step_number=step.step_number,
            node_key=key_of(step),
            iteration=step.iteration,
            index=index,
            screenshot=shown,
        )
        for step in run.steps
        for index, shown in enumerate(step.screenshots)
    ]
    return tagged(request, AllScreenshots(screenshots=found))


@router.get(
    "/{run_id}/compare", operation_id="compare_runs", summary="Two runs, step beside step", responses=_READ
)
async def read_comparison(
    run_id: UUID, caller: Viewer, database: Asked, other: Annotated[UUID, Query(alias="with", description="The other run.")]
) -> Comparison:  # fmt: skip
    """The patches (RFC 6902) make the other's documents of this one's."""
    a, b = await _run(database, caller, run_id), await _run(database, caller, other)
    return compare(a, b)


@router.get(
    "/{run_id}/context",
    operation_id="read_context",
    summary="A run's context",
    response_model=Context,
    responses=_READ,
)
async def read_context(run_id: UUID, caller: Viewer, database: Asked, request: Request) -> Response:
    """Of a run that is not over that of this moment."""
    entries = await database.perform(runs.get_context(run_id), org_id=caller.org_id)
    if not entries and not await database.perform(runs.is_there(run_id), org_id=caller.org_id):
        raise NotFound(f"no run {run_id} in this tenant's ledger", hint="look at the id, then at the tenant")
    return tagged(request, Context(context=[_item(entry) for entry in entries]))


@router.put(
    "/{run_id}/context/{key}",
    operation_id="set_context",
    summary="Set a key of a run's context",
    responses=described(NotFound, RunIsOver, DrivenElsewhere, PreconditionRequired, PreconditionFailed),
)
async def set_context(
    *, run_id: UUID, key: ContextKey, value: Annotated[Any, Body(examples=[{"id": 7}])], caller: Operator, database: Asked, response: Response,
    if_match: Annotated[str | None, Header(description="The key's `tag` as it was read, in quotes; * for whatever it is.")] = None,
    if_none_match: Annotated[str | None, Header(description="*: it is not there yet.")] = None,
) -> ContextItem:  # fmt: skip
    """Only what was read is replaced: nobody overwrites unseen."""
    if if_match is None and if_none_match != "*":
        raise PreconditionRequired(
            "a change needs If-Match", hint="send the key's tag; `If-None-Match: *` for a new key"
        )
    text = dumped(value, f"context {key}")
    call = runs.replace_context(run_id, key, text, expected=_read_at(if_match), whatever=if_match == "*")
    at = await database.perform(call, org_id=caller.org_id, audit=caller.did("runs.context", run_id, key=key))
    response.headers["ETag"] = f'"{_tag(at)}"'
    return ContextItem(key=key, value=value, created_at=None, updated_at=at, tag=_tag(at))


def _item(entry: ContextEntry) -> ContextItem:
    return ContextItem(
        key=entry.key,
        value=entry.value,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        tag=_tag(entry.updated_at),
    )


def _tag(at: datetime | None) -> str:
    """Of a key by when it was set; microseconds, as the database has them."""
    return "0" if at is None else f"{(at - _EPOCH) // timedelta(microseconds=1):x}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read_at(header: str | None) -> datetime | None:
    """Raises PreconditionFailed for what is no tag of ours."""
    if header is None or header == "*":
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(header.strip().strip('"'), 16))
    except (ValueError, OverflowError) as refusal:
        raise PreconditionFailed(
            f"{header[:80]!r} is no tag of a key", hint="send the key's `tag`, in quotes"
        ) from refusal
