"""A migration: one SQL file, or one revision of somebody's Alembic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.migrate.statements import Statement, split
from mainstem.errors import MigrationUnknown

ALEMBIC = Path("alembic.ini")


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A script, run as one transaction."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self, dialect: Dialect) -> list[Statement]:
        """What it says; a BEGIN at its beginning and a COMMIT at its end say only what is done anyway."""
        found = split(self.text, dialect)
        if found and _word(found[0]) in {"begin", "start"} and _word(found[-1]) in {"commit", "end"}:
            return found[1:-1]
        return found


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision, run by the env.py of the configuration it belongs to."""

    config: Path
    revision: str

    @property
    def name(self) -> str:
        return self.revision


Migration: TypeAlias = SqlFile | Revision


def migration_of(text: str, config: Path | None = None) -> Migration:
    """The file of this name, or else the revision of the configuration. Raises MigrationUnknown."""
    path = Path(text)
    if path.is_file():
        try:
            return SqlFile(path, path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise MigrationUnknown(
                f"{path} is no text in UTF-8: {error}", hint="store it as UTF-8"
            ) from error
    found = config or ALEMBIC
    if path.suffix == ".sql" or not found.is_file():
        raise MigrationUnknown(
            f"there is no file {path}" + ("" if path.suffix == ".sql" else f", and no {found}"),
            hint="name a .sql file, or a revision with --config alembic.ini",
        )
    return Revision(found, text)


def _word(statement: Statement) -> str:
    tokens = statement.tokens
    return tokens[0].word if tokens else ""
