"""API keys: list, create, revoke; and who is asking."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from mainstem.ledger import keys
from mainstem.server.access import Admin, Viewer, database_of
from mainstem.server.database import Database
from mainstem.server.problems import may_fail
from mainstem.server.shapes.keys import KeyMade, KeyShown, KeysShown, Me, NewKey

router = APIRouter(tags=["access"])
Asked = Annotated[Database, Depends(database_of)]


@router.get("/me", operation_id="who_am_i", summary="Who is asking", responses=may_fail(401))
async def me(caller: Viewer) -> Me:
    """The tenant, the role and the key of this request."""
    return Me(
        org_id=caller.org_id,
        role=caller.access.role,  # type: ignore[arg-type]
        name=caller.name,
        key_id=caller.key_id,
        user_id=caller.user_id,
    )


@router.get("/keys", operation_id="list_keys", summary="List keys", responses=may_fail(401, 403))
async def list_keys(
    caller: Admin,
    database: Asked,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    page_token: UUID | None = None,
) -> KeysShown:
    """Latest first, those revoked too."""
    page = await database.perform(keys.list_keys(limit=page_size, after=page_token), org_id=caller.org_id)
    return KeysShown(
        keys=[KeyShown.model_validate(key) for key in page.keys], next=str(page.next) if page.next else None
    )


@router.post(
    "/keys",
    operation_id="create_key",
    summary="Make a key",
    status_code=201,
    responses=may_fail(401, 403, 404),
)
async def create_key(asked: NewKey, caller: Admin, database: Asked, response: Response) -> KeyMade:
    """The answer alone holds the key; the ledger keeps a hash."""
    minted = keys.mint()
    key = await database.perform(
        keys.create_key(minted, name=asked.name, role=asked.role, user_id=asked.user_id, days=asked.days),
        org_id=caller.org_id,
        audit=caller.did(
            "keys.create",
            minted.key_id,
            prefix=minted.prefix,
            name=asked.name,
            role=asked.role,
            days=asked.days,
        ),
    )
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(**asdict(key), key=minted.text)


@router.post(
    "/keys/{key_id}/revoke",
    operation_id="revoke_key",
    summary="Revoke a key",
    responses=may_fail(401, 403, 404),
)
async def revoke_key(key_id: UUID, caller: Admin, database: Asked) -> KeyShown:
    """From now on nobody gets in with it. Revoked again it keeps its first time."""
    key = await database.perform(
        keys.revoke_key(key_id),
        org_id=caller.org_id,
        audit=lambda revoked: caller.did("keys.revoke", key_id, prefix=revoked.prefix),
    )
    return KeyShown.model_validate(key)
