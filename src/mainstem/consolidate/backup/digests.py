"""Digests: what a table holds as a count and two sums, whatever the order of its rows.

Each row's canonical text is hashed; two 60-bit lanes of the hashes are added up. Added, not XORed: a row that is there
twice counts twice.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Composable, Identifier

_LANE = 15
"""Hexadecimal digits of a lane."""
_MOST_ARGUMENTS = 90
"""PostgreSQL passes at most 100 to a function."""

_COLUMNS: LiteralString = """
select a.attname, coalesce(nullif(t.typbasetype, 0), t.oid) in ('json'::regtype, 'json[]'::regtype) or t.typtype = 'c' as as_text
  from pg_attribute a join pg_type t on t.oid = a.atttypid
 where a.attrelid = format('%%I.%%I', %s::text, %s::text)::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
"""

_DIGEST: LiteralString = """
select count(*), coalesce(sum(('x' || substr(h, 1, 15))::bit(60)::bigint::numeric), 0)::text,
       coalesce(sum(('x' || substr(h, 16, 15))::bit(60)::bigint::numeric), 0)::text
  from (select encode(sha256(convert_to(({row})::text, 'UTF8')), 'hex') as h from only {table}) hashed
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """What a table holds. The lanes are text: JSON readers round such numbers."""

    rows: int
    lanes: tuple[str, str]


def of_postgres(conn: psycopg.Connection[Any], schema: str, table: str) -> Digest:
    """The digest of a table's own rows; on a pinned connection. Its children and partitions have their own."""
    columns = conn.execute(_COLUMNS, [schema, table]).fetchall()
    query = SQL(_DIGEST).format(row=_row(columns), table=Identifier(schema, table))
    [(rows, first, second)] = conn.execute(query).fetchall()
    return Digest(rows, (first, second))


def _row(columns: list[tuple[str, bool]]) -> Composable:
    """The row as one jsonb array: its encoding is unambiguous, NULL and separators included.

    json keeps what jsonb would lose (double keys, spaces, NUL escapes), so it goes in as text.
    """
    values = [Identifier(name) + SQL("::text") if as_text else Identifier(name) for name, as_text in columns]
    parts = [values[at : at + _MOST_ARGUMENTS] for at in range(0, len(values), _MOST_ARGUMENTS)] or [[]]
    return SQL(" || ").join(SQL("jsonb_build_array({})").format(SQL(", ").join(part)) for part in parts)


def of_sqlite(conn: sqlite3.Connection, table: str) -> Digest:
    """The digest of a table over typed values: 1, 1.0, '1' and x'31' are four values, and a NUL in a text stays.

    Texts are read as bytearrays and blobs as bytes, so that no encoding is presumed and the two are told apart.
    """
    rows = first = second = 0
    before, conn.text_factory = conn.text_factory, bytearray
    try:
        for row in conn.execute(f"select * from {quoted(table)}"):
            digest = hashlib.sha256(repr(row).encode()).hexdigest()
            rows += 1
            first += int(digest[:_LANE], 16)
            second += int(digest[_LANE : 2 * _LANE], 16)
    finally:
        conn.text_factory = before
    return Digest(rows, (str(first), str(second)))


def quoted(name: str) -> str:
    """A name of a stranger's SQLite database, as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
