"""Analytics: how the runs of a window went."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from mainstem.ledger import analytics
from mainstem.ledger.analytics import By, Cell, Channel, Latency, SlowNode, Summary
from mainstem.server.access import Viewer
from mainstem.server.answers import described
from mainstem.server.routes.parameters import Asked, InWindow, WhichRuns
from mainstem.server.shapes import analytics as examples

router = APIRouter(prefix="/analytics", tags=["analytics"])


@router.get(
    "/summary",
    operation_id="read_analytics_summary",
    summary="Read the window as a whole",
    responses=described(example=examples.SUMMARY),
)
async def read_summary(caller: Viewer, database: Asked, which: WhichRuns) -> Summary:
    """Runs count by the time at which they began; durations and success_rate are of those that have ended."""
    return await database.perform(analytics.summary(which), org_id=caller.org_id)


@router.get(
    "/latency",
    operation_id="read_latency",
    summary="Read percentiles by workflow, node or channel",
    responses=described(example=[examples.LATENCY]),
)
async def read_latency(
    caller: Viewer,
    database: Asked,
    which: WhichRuns,
    by: Annotated[By, Query(description="What the durations are of.")] = "workflow",
) -> list[Latency]:
    """The most frequent first, at most 200."""
    return await database.perform(analytics.latency(which, by), org_id=caller.org_id)


@router.get(
    "/heatmap",
    operation_id="read_heatmap",
    summary="Read runs by hour and weekday",
    responses=described(example=[examples.CELL]),
)
async def read_heatmap(
    caller: Viewer,
    database: Asked,
    which: WhichRuns,
    tz: Annotated[
        str, Query(description="An IANA time zone.", examples=["Europe/Berlin"], max_length=60)
    ] = "UTC",
) -> list[Cell]:
    """All 168 cells, Monday (0) first, by the hour at which the runs began, as clocks in this zone showed it."""
    return await database.perform(analytics.heatmap(which, tz), org_id=caller.org_id)


@router.get(
    "/channels",
    operation_id="read_channel_strip",
    summary="Read how each channel went",
    responses=described(example=[examples.CHANNEL]),
)
async def read_channels(caller: Viewer, database: Asked, window: InWindow) -> list[Channel]:
    """Also those without a run."""
    return await database.perform(analytics.channels(window), org_id=caller.org_id)


@router.get(
    "/nodes",
    operation_id="read_slowest_nodes",
    summary="Read the slowest nodes",
    responses=described(example=[examples.SLOW_NODE]),
)
async def read_nodes(
    caller: Viewer, database: Asked, which: WhichRuns, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> list[SlowNode]:
    """By the 95th percentile of their completed and failed steps."""
    return await database.perform(analytics.slowest_nodes(which, limit=limit), org_id=caller.org_id)
