"""The file and what was landed from it, held against each other to the row and the column."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.sqlite.digest import Tally
from mainstem.consolidate.sources.sqlite.dirty import noted_keys, one_moment
from mainstem.consolidate.sources.sqlite.landed import (
    LandedTable,
    landed_table,
    listed,
    refuse_open_transaction,
    rows,
)
from mainstem.consolidate.sources.sqlite.landing import RECORD, lock_landing
from mainstem.consolidate.sources.sqlite.staging import Passed, all_rows, passing, same_key, staged
from mainstem.consolidate.sources.sqlite.tables import Table, tables_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that both sides have differently; without a column, a row that only one side has."""

    table: str
    key: tuple[Any, ...]
    column: str | None
    in_file: Any
    landed: Any


def compare(
    path: Path | str,
    conn: Connection[Any],
    schema: str,
    tables: Sequence[str] | None = None,
    *,
    most: int = 20,
) -> list[Difference]:
    """What differs, at most so many of each table; empty when all is equal.

    Rows that are noted in the file and not yet caught up are left out, so that writers may go on meanwhile.
    """
    refuse_open_transaction(conn)
    recorded = rows(conn, SQL("select table_name from {} order by 1").format(Identifier(schema, RECORD)))
    names = [name for (name,) in recorded] if tables is None else tables
    found: list[Difference] = []
    with conn.transaction(), one_moment(path) as source:
        lock_landing(conn, schema)
        for table in tables_of(source, names):
            landed = landed_table(conn, schema, table.name)
            if landed is None:
                found.append(Difference(table.name, (), None, "the table", None))
            else:
                found += islice(_differences(conn, source, table, landed), most)
    return found


def _differences(
    conn: Connection[Any], source: sqlite3.Connection, table: Table, landed: LandedTable
) -> Iterator[Difference]:
    cells = passing(all_rows(source, table, landed), landed, Passed(Tally(landed)))
    stage = staged(conn, landed, landed.names, cells)
    noted = staged(conn, landed, landed.key, noted_keys(source, landed))
    for key in stream(conn, only_staged(landed, stage, noted)):
        yield Difference(landed.name, key, None, "the row", None)
    for is_new, *values in stream(conn, differing(landed, stage, noted)):
        here, there = values[: len(landed.names)], values[len(landed.names) :]
        key = tuple(here[landed.names.index(column)] for column in landed.key)
        if is_new:
            yield Difference(landed.name, key, None, None, "the row")
            continue
        for column, one, other in zip(landed.names, here, there, strict=True):
            if one != other:
                yield Difference(landed.name, key, column, other, one)


def stream(conn: Connection[Any], query: Composed) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, some at a time."""
    with conn.cursor("_mainstem_rows", row_factory=tuple_row) as cursor:
        cursor.itersize = 500
        yield from cursor.execute(query)


def only_staged(landed: LandedTable, stage: Identifier, without: Identifier | None = None) -> Composed:
    """Keys of staged rows that are not landed."""
    return SQL("select {} from {} as s where not exists (select from {} as t where {}){}").format(
        listed(landed.key, "s"),
        stage,
        landed.identifier,
        same_key(landed, "s", "t"),
        _except(landed, "s", without),
    )


def differing(landed: LandedTable, stage: Identifier, without: Identifier | None = None) -> Composed:
    """Landed rows that are not staged or not equal: whether it is new, the landed row, the staged one; new ones last.

    So a unique value can move from a row that has another one now to a new row.
    """
    return SQL(
        "select {n}, {t}, {s} from {target} as t left join {stage} as s on {same}"
        " where ({n} or ({t}) is distinct from ({s})){rest} order by {n}, {key}"
    ).format(
        n=SQL("{} is null").format(Identifier("s", landed.key[0])),
        t=listed(landed.names, "t"),
        s=listed(landed.names, "s"),
        target=landed.identifier,
        stage=stage,
        same=same_key(landed, "s", "t"),
        key=listed(landed.key, "t"),
        rest=_except(landed, "t", without),
    )


def _except(landed: LandedTable, alias: str, without: Identifier | None) -> Composed:
    if without is None:
        return Composed([])
    return SQL(" and not exists (select from {} as k where {})").format(without, same_key(landed, "k", alias))
