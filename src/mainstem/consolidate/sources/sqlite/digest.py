"""A digest of a table: how many rows, and two sums over the hashes of their canonical forms, in whatever order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL

from mainstem.consolidate.sources.sqlite.cells import canonical, canonical_sql
from mainstem.consolidate.sources.sqlite.landed import LandedTable


@dataclass(frozen=True, slots=True)
class Digest:
    """Duplicates count and order does not. The sums are of the first and the second 60 bits of each row's sha256."""

    rows: int
    first: int
    second: int


class Tally:
    """A digest that grows by a row at a time."""

    def __init__(self, table: LandedTable) -> None:
        self._types = [type_ for _, type_ in table.columns]
        self._rows = self._first = self._second = 0

    def add(self, cells: Sequence[str | None]) -> None:
        """One row more, in its COPY texts."""
        said = b"".join(map(canonical, cells, self._types))
        drawn = hashlib.sha256(said).hexdigest()
        self._rows += 1
        self._first += int(drawn[:15], 16)
        self._second += int(drawn[15:30], 16)

    @property
    def digest(self) -> Digest:
        """Of the rows so far."""
        return Digest(self._rows, self._first, self._second)


_DIGEST = SQL("""
select count(*), coalesce(sum(('x' || substr(h, 1, 15))::bit(60)::bigint), 0),
  coalesce(sum(('x' || substr(h, 16, 15))::bit(60)::bigint), 0)
from (select encode(sha256(convert_to({}, 'UTF8')), 'hex') as h from {}) as hashed
""")


def landed_digest(conn: Connection[Any], table: LandedTable) -> Digest:
    """The digest of a landed table, computed by PostgreSQL."""
    said = SQL(" || ").join([canonical_sql(column, type_) for column, type_ in table.columns])
    with conn.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_DIGEST.format(said, table.identifier)).fetchone()
    rows, first, second = row or (0, 0, 0)
    return Digest(int(rows), int(first), int(second))
