"""Home: whether anything is wrong now, and what changed."""

from __future__ import annotations

from fastapi import APIRouter

from mainstem.ledger.home import Home, read_home
from mainstem.server.access import Viewer
from mainstem.server.answers import described
from mainstem.server.routes.parameters import Asked
from mainstem.server.shapes.home import HOME

router = APIRouter(prefix="/home", tags=["home"])


@router.get(
    "",
    operation_id="read_home",
    summary="Read what needs attention, the last 24 hours, and what runs now",
    responses=described(example=HOME),
)
async def home(caller: Viewer, database: Asked) -> Home:
    """An empty `needs_attention` says that everything was looked at, and nothing was found."""
    return await database.perform(read_home(), org_id=caller.org_id)
