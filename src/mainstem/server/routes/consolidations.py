"""Consolidations, to look at: they are moved by the command line, next to the data."""

from __future__ import annotations

from fastapi import APIRouter

from mainstem.consolidate.report.standings import (
    NONE,
    Consolidation,
    Consolidations,
    ground,
    no_consolidation,
    refuse_older,
    standing_of,
    standings,
)
from mainstem.errors import NotFound
from mainstem.server.answers import described
from mainstem.server.installation import Installer
from mainstem.server.routes.parameters import Asked
from mainstem.server.shapes import consolidations as examples

router = APIRouter(prefix="/consolidations", tags=["consolidations"])


@router.get(
    "",
    operation_id="list_consolidations",
    summary="List consolidations of old systems",
    responses=described(NotFound, example=examples.CONSOLIDATIONS),
)
async def list_consolidations(caller: Installer, database: Asked) -> Consolidations:
    """All of the installation's. Where there is none, the list is empty and `note` says so."""
    found = await database.perform(ground(), org_id=caller.org_id)
    refuse_older(found)
    told = await database.perform(standings(), org_id=caller.org_id) if found.exists else []
    return Consolidations(told, None if told else NONE)


@router.get(
    "/{system}",
    operation_id="read_consolidation",
    summary="Read a consolidation: phases, parity, drift, readers, drop gate, way back",
    responses=described(NotFound, example=examples.CONSOLIDATION),
)
async def read_consolidation(system: str, caller: Installer, database: Asked) -> Consolidation:
    """With what a rollback would lose now. No value of a row is in it."""
    found = await database.perform(ground(), org_id=caller.org_id)
    refuse_older(found)
    if not found.exists:
        raise no_consolidation(system)
    return await database.perform(standing_of(system), org_id=caller.org_id)
