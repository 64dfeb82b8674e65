"""The step cache: list and forget."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from mainstem.ledger import step_cache
from mainstem.server.access import Operator, Viewer, database_of
from mainstem.server.database import Database
from mainstem.server.problems import may_fail
from mainstem.server.shapes.cache import CachedShown, CachePageShown, Cleared

router = APIRouter(prefix="/cache", tags=["cache"])
Asked = Annotated[Database, Depends(database_of)]
Text = Annotated[str | None, Query(pattern=r"^[^\x00]*$")]


@router.get(
    "", operation_id="list_cached_results", summary="List cached results", responses=may_fail(401, 403)
)
async def list_cached_results(
    caller: Viewer,
    database: Asked,
    *,
    step: Text = None,
    workflow: Text = None,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    page_token: Text = None,
) -> CachePageShown:
    """Results that steps are given again, latest first."""
    page = await database.perform(
        step_cache.list_cached(limit=page_size, after=page_token, step=step, workflow=workflow),
        org_id=caller.org_id,
    )
    return CachePageShown(
        results=[CachedShown.model_validate(result) for result in page.results], next=page.next
    )


@router.delete(
    "", operation_id="clear_cached_results", summary="Forget cached results", responses=may_fail(401, 403)
)
async def clear_cached_results(
    caller: Operator, database: Asked, *, step: Text = None, workflow: Text = None, key: Text = None
) -> Cleared:
    """Of a step, of what a workflow's runs made, of one key; all of the tenant's without any of them."""
    asked = {
        name: value
        for name, value in (("step", step), ("workflow", workflow), ("key", key))
        if value is not None
    }
    cleared = await database.perform(
        step_cache.clear(**asked),
        org_id=caller.org_id,
        audit=lambda cleared: caller.did(
            "cache.clear", " ".join(asked.values()) or "all", cleared=cleared, **asked
        ),
    )
    return Cleared(cleared=cleared)
