"""The migrations of a directory, as far as each has come. Read-only, and without any value or text of a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mainstem.consolidate.migrate.state import FILE, State, stored
from mainstem.errors import MigrationUnknown


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One statement of the rehearsal, by its line."""

    line: int
    milliseconds: float
    exclusive: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationState:
    """A migration of one database. held: milliseconds for which each table was locked exclusively in the rehearsal."""

    name: str
    target: str
    phase: str
    updated_at: datetime
    has_backup: bool
    rehearsal: list[Rehearsed]
    held: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Migrations:
    """All of the directory. note: why there is none."""

    migrations: list[MigrationState]
    note: str | None


def migrations_in(place: Path | None) -> Migrations:
    """Raises MigrationUnknown for a state that cannot be read: a list without it would be a lie."""
    if place is None:
        return Migrations(
            [], "The server was told of no directory in which `mainstem migrate` keeps its states."
        )
    if not place.is_dir():
        raise MigrationUnknown(
            f"there is no directory {place}", hint="start the server where it is, or name another"
        )
    found = [_told(path.parent, stored(path.parent)) for path in sorted(place.glob(f"*/{FILE}"))]
    return Migrations(found, None if found else f"No migration was begun in {place.name}.")


def _told(place: Path, state: State) -> MigrationState:
    return MigrationState(
        name=place.name,
        target=state.target,
        phase=state.phase.value,
        updated_at=datetime.fromtimestamp((place / FILE).stat().st_mtime, UTC),
        has_backup=state.backup is not None,
        rehearsal=[Rehearsed(one.line, one.milliseconds, tuple(one.exclusive)) for one in state.rehearsal],
        held=dict(state.held),
    )
