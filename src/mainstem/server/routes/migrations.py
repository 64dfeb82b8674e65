"""Migrations of other databases, to look at: their states lie in files beside their backups."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from mainstem.consolidate.migrate.listing import Migrations, migrations_in
from mainstem.errors import MigrationUnknown, NotFound
from mainstem.server.answers import described
from mainstem.server.installation import Installer
from mainstem.server.routes.parameters import Asked
from mainstem.server.shapes.migrations import MIGRATIONS

router = APIRouter(prefix="/migrations", tags=["migrations"])


@router.get(
    "",
    operation_id="list_migrations",
    summary="List migrations, and how far each has come",
    responses=described(NotFound, MigrationUnknown, example=MIGRATIONS),
)
async def list_migrations(caller: Installer, database: Asked) -> Migrations:  # noqa: ARG001  (asked for its role)
    """Those of the directory that the server was told of. `note` says why the list is empty."""
    return await asyncio.to_thread(migrations_in, database.config.migrations)
