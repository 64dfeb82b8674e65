"""Runs: list, read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from mainstem.ledger import runs
from mainstem.model import Page, Run
from mainstem.server.access import Viewer, database_of
from mainstem.server.database import Database

router = APIRouter(prefix="/runs", tags=["runs"])
Asked = Annotated[Database, Depends(database_of)]


@router.get("", operation_id="list_runs")
async def list_runs(
    caller: Viewer,
    database: Asked,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    page_token: str | None = None,
) -> Page:
    """Latest first."""
    return await database.perform(
        runs.list_runs(runs.Filter(), limit=page_size, after=page_token), org_id=caller.org_id
    )


@router.get("/{run_id}", operation_id="read_run")
async def read_run(run_id: UUID, caller: Viewer, database: Asked) -> Run:
    """A run with its steps."""
    return await database.perform(runs.read_run(run_id), org_id=caller.org_id)
