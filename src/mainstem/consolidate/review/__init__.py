"""Review: SQLAlchemy or SQLModel metadata held against the database that the code runs on."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Dialect

from mainstem.consolidate.review import postgres, sqlite
from mainstem.consolidate.review.compare import VERSION_TABLE, Sides
from mainstem.consolidate.review.declared import declared, qualified
from mainstem.consolidate.review.findings import Finding, Kind, Known, Level, Review, Unseen
from mainstem.consolidate.review.metadata import metadata_at
from mainstem.consolidate.review.remedies import Remedies
from mainstem.consolidate.review.sqlite import SqliteWords
from mainstem.consolidate.review.words import PostgresWords
from mainstem.errors import NotReviewable

__all__ = ["Finding", "Kind", "Known", "Level", "Review", "Unseen", "metadata_at", "review"]


def review(
    metadata: MetaData, url: str, *, schema: str = "public", tenant_column: str = "", title: str = "models"
) -> Review:
    """Hold models against a database. It reads the catalog and no rows; nothing is written.

    url: of PostgreSQL 15 to 18, or `sqlite:///path`, as libpq or as SQLAlchemy has it. schema: where the tables are
    that name none. tenant_column: every table that has it must have row level security, enabled and forced; empty:
    none must. Raises Unreachable, RightsMissing, NotReviewable.
    """
    kind, separator, rest = url.partition("://")
    match kind.partition("+")[0] if separator else "postgresql":
        case "postgresql" | "postgres":
            address = f"postgresql://{rest}" if separator else url
            return _of_postgres(qualified(metadata, schema), address, schema, tenant_column, title=title)
        case "sqlite":
            return _of_sqlite(qualified(metadata, None), Path(rest.removeprefix("/")), title=title)
        case _:
            raise NotReviewable(
                f"{kind}:// is no database that a review reads",
                hint="give a postgresql:// or a sqlite:/// URL",
            )


def _of_postgres(metadata: MetaData, url: str, schema: str, tenant_column: str, *, title: str) -> Review:
    schemas = sorted({table.schema or schema for table in metadata.tables.values()})
    dialect: Dialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]  # others double each %
    with postgres.reading(url, dict.fromkeys((schema, *schemas))) as conn:
        words = PostgresWords(conn)
        sides = Sides(
            declared(metadata, dialect, words), postgres.found(conn, schemas), words, Remedies(dialect)
        )
        return _told(title, f"{conn.info.dbname} on {conn.info.host}", sides, tenant_column)


def _of_sqlite(metadata: MetaData, path: Path, *, title: str) -> Review:
    dialect: Dialect = SQLiteDialect(paramstyle="named")
    words = SqliteWords()
    with sqlite.reading(path) as conn:
        sides = Sides(declared(metadata, dialect, words), sqlite.found(conn), words, Remedies(dialect))
    return _told(title, str(path), sides, "")


def _told(title: str, place: str, sides: Sides, tenant_column: str) -> Review:
    told = list(sides.compared(tenant_column))
    return Review(
        declared=title,
        database=place,
        known=tuple(
            Known(name, table.rows)
            for name, table in sides.found.tables.items()
            if name in sides.declared.tables or name.name == VERSION_TABLE
        ),
        findings=tuple(one for one in told if isinstance(one, Finding)),
        unseen=tuple(one for one in told if isinstance(one, Unseen)),
        tenant_column=tenant_column,
    )
