"""The audit trail."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from mainstem.ledger import audit
from mainstem.server.access import Admin, database_of
from mainstem.server.database import Database
from mainstem.server.problems import may_fail
from mainstem.server.shapes.audit import ChangeShown, ChangesShown

router = APIRouter(prefix="/audit", tags=["access"])
Text = Annotated[str | None, Query(pattern=r"^[^\x00]*$")]


@router.get("", operation_id="list_changes", summary="Who changed what", responses=may_fail(401, 403))
async def list_changes(
    caller: Admin,
    database: Annotated[Database, Depends(database_of)],
    *,
    action: Text = None,
    target: Text = None,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    page_token: UUID | None = None,
) -> ChangesShown:
    """Changes made through the server, latest first."""
    page = await database.perform(
        audit.list_changes(limit=page_size, after=page_token, action=action, target=target),
        org_id=caller.org_id,
    )
    return ChangesShown(
        changes=[ChangeShown.model_validate(change) for change in page.changes],
        next=str(page.next) if page.next else None,
    )
