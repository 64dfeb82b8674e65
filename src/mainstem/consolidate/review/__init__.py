"""Review: SQLAlchemy or SQLModel metadata held against the database that the code runs on."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Dialect

from mainstem.consolidate.review import postgres
from mainstem.consolidate.review.compare import VERSION_TABLE, Sides
from mainstem.consolidate.review.declared import declared, qualified
from mainstem.consolidate.review.findings import Finding, Kind, Known, Level, Review, Unseen
from mainstem.consolidate.review.metadata import metadata_at
from mainstem.consolidate.review.picture import Picture
from mainstem.consolidate.review.remedies import Remedies
from mainstem.consolidate.review.words import PostgresWords
from mainstem.errors import NotReviewable

__all__ = ["Finding", "Kind", "Known", "Level", "Review", "Unseen", "metadata_at", "review"]


def review(
    metadata: MetaData, url: str, *, schema: str = "public", tenant_column: str = "", title: str = "models"
) -> Review:
    """Hold models against a database. It reads the catalog and no rows; nothing is written.

    url: of PostgreSQL 15 to 18, as libpq or as SQLAlchemy has it. schema: where the tables are that name none.
    tenant_column: every table that has it must have row level security, enabled and forced; empty: none must.
    Raises Unreachable, RightsMissing, NotReviewable.
    """
    named = qualified(metadata, schema)
    schemas = sorted({table.schema or schema for table in named.tables.values()})
    dialect: Dialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]  # others double each % for a driver
    with postgres.reading(_for_libpq(url), dict.fromkeys((schema, *schemas))) as conn:
        words = PostgresWords(conn)
        ours, theirs = declared(named, dialect, words), postgres.found(conn, schemas)
        told = list(Sides(ours, theirs, words, Remedies(dialect)).compared(tenant_column))
        place = f"{conn.info.dbname} on {conn.info.host}"
    return _review(title, place, (ours, theirs), told)


def _for_libpq(url: str) -> str:
    """Without the driver that SQLAlchemy's URLs name."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise NotReviewable(
            f"{scheme}:// is no database that a review reads", hint="give a postgresql:// URL"
        )
    return f"postgresql://{rest}" if separator else url


def _review(
    title: str, place: str, sides: tuple[Picture, Picture], told: Iterable[Finding | Unseen]
) -> Review:
    ours, theirs = sides
    all_told = list(told)
    return Review(
        declared=title,
        database=place,
        known=tuple(
            Known(name, table.rows)
            for name, table in theirs.tables.items()
            if name in ours.tables or name.name == VERSION_TABLE
        ),
        findings=tuple(one for one in all_told if isinstance(one, Finding)),
        unseen=tuple(one for one in all_told if isinstance(one, Unseen)),
    )
