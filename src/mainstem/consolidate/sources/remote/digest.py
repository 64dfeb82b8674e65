"""Digests of a table on either server: the same statement, over the texts of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.remote.tables import Table
from mainstem.consolidate.sources.sqlite.landed import rows

AT_ONCE = 90
"""Columns of one array: a function takes a hundred arguments."""


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows, and two lanes of 60 bits, whatever the order."""

    rows: int
    first: int
    second: int


def row_hash(table: Table, alias: str) -> Composed:
    """Each value as the text that pinned settings make of it, NULL apart from every text."""
    texts = [SQL("{}.{}::text").format(Identifier(alias), Identifier(name)) for name in table.names]
    arrays = [
        SQL("jsonb_build_array({})").format(SQL(", ").join(texts[start : start + AT_ONCE]))
        for start in range(0, len(texts), AT_ONCE)
    ]
    return SQL("encode(sha256(convert_to(({})::text, 'UTF8')), 'hex')").format(SQL(" || ").join(arrays))


def digest(conn: Connection[Any], table: Table) -> Digest:
    """Of the table as the connection's transaction sees it."""
    said = SQL(
        "select count(*), coalesce(sum(('x' || substr(q.h, 1, 15))::bit(60)::bigint::numeric), 0),"
        " coalesce(sum(('x' || substr(q.h, 16, 15))::bit(60)::bigint::numeric), 0)"
        " from (select {} as h from {} as t) as q"
    ).format(row_hash(table, "t"), table.identifier)
    [found] = rows(conn, said)
    return Digest(*map(int, found))
