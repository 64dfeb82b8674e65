"""A target: somebody's database, where it is, and a connection to it on which the same row always reads the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.sources.postgres import PINNED, Patience, configure, login
from mainstem.errors import BackupFailed, RightsMissing, TargetUnknown

_MAGIC = b"SQLite format 3\x00"
_HOURS = 3600.0
_PATIENCE = Patience(
    lock=3,
    statement=6 * _HOURS,
    idle_in_transaction=6 * _HOURS,  # a snapshot is held idle while pg_dump works in it
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL database, 15 to 18."""

    url: str
    dialect = Dialect.POSTGRES

    @property
    def name(self) -> str:
        """Which it is, without the secrets of its URL."""
        given = conninfo_to_dict(_without_pooler(self.url))
        return f"postgresql://{given.get('host', '')}:{given.get('port', 5432)}/{given.get('dbname', '')}"

    @property
    def conninfo(self) -> str:
        """As libpq's own programs take it."""
        return make_conninfo(_without_pooler(self.url))

    def database(self, name: str) -> Postgres:
        """Another database of the same server."""
        return Postgres(make_conninfo(_without_pooler(self.url), dbname=name))


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A SQLite file."""

    path: Path
    dialect = Dialect.SQLITE

    @property
    def name(self) -> str:
        return str(self.path.resolve())


Target: TypeAlias = Postgres | Sqlite


def target_of(text: str) -> Target:
    """A URL (`postgresql://…`, `sqlite:///…`) or the path of a SQLite file. Raises TargetUnknown."""
    if text.startswith(("postgresql://", "postgres://")) or "dbname=" in text:
        return Postgres(text)
    path = Path(text.removeprefix("sqlite:///"))
    if not path.is_file():
        raise TargetUnknown(
            f"{path} is no file", hint="name a SQLite file, or postgresql://user@host:5432/database"
        )
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start not in {_MAGIC, b""}:
        raise TargetUnknown(f"{path} is no SQLite database", hint="name the database file itself")
    return Sqlite(path)


@contextmanager
def pinned(target: Postgres) -> Iterator[psycopg.Connection[Any]]:
    """An autocommitting connection whose settings decide nothing about what a value reads as."""
    with login(target.url, application_name="mainstem migrate") as conn:
        configure(conn, {**PINNED, **_PATIENCE.settings()})
        yield conn


@contextmanager
def reading(path: Path, *, immutable: bool = False) -> Iterator[Any]:
    """A read-only connection to a SQLite file. immutable: it is a backup, beside which no -wal is to appear."""
    uri = f"{path.resolve().as_uri()}?mode=ro" + ("&immutable=1" if immutable else "")
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5)) as conn:
        yield conn


@contextmanager
def reported() -> Iterator[None]:
    """What the database says where nobody expected it, as an error of ours."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise RightsMissing(" ".join(str(error).split()), hint="log in as the owner of the tables") from error
    except (psycopg.Error, sqlite3.Error) as error:
        raise BackupFailed(
            " ".join(str(error).split()), hint="mend what it names, and run this again"
        ) from error


def _without_pooler(url: str) -> str:
    """`pooler=` is ours and not libpq's."""
    base, mark, query = url.partition("?")
    kept = [part for part in query.split("&") if not part.startswith("pooler=")]
    return f"{base}{mark if kept else ''}{'&'.join(kept)}"
