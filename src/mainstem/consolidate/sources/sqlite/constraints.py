"""What the old application's INSERTs count on, carried to the landed table: defaults, NOT NULL, unique keys, the next id.

Unique keys are checked when a transaction ends: rows are landed in the order of their changes, not of their values. What has
no counterpart is left out and told.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from psycopg import Connection, errors
from psycopg.sql import SQL, Composed, Identifier, Literal

from mainstem.consolidate.sources.sqlite.findings import Finding
from mainstem.consolidate.sources.sqlite.holdings import Holding, LandedType
from mainstem.consolidate.sources.sqlite.landed import LandedTable, listed, rows
from mainstem.consolidate.sources.sqlite.tables import Column, Table

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_TEXT = re.compile(r"'((?:[^']|'')*)'")
_NOW = {
    "current_timestamp": "YYYY-MM-DD HH24:MI:SS",
    "current_date": "YYYY-MM-DD",
    "current_time": "HH24:MI:SS",
    "datetime('now')": "YYYY-MM-DD HH24:MI:SS",
    "date('now')": "YYYY-MM-DD",
    "time('now')": "HH24:MI:SS",
}


def constrain(conn: Connection[Any], table: Table, landed: LandedTable, held: list[Holding]) -> list[Finding]:
    """Put them on a table that has just been filled; what could not be carried."""
    told: list[Finding] = []
    for holding in held:
        column = holding.column
        if column.default is not None:
            told += _set_default(conn, table, landed, column)
        if column.is_not_null and not holding.null:
            conn.execute(_alter(landed, column.name, SQL("set not null")))
    for columns in table.unique_keys:
        told += _add_unique(conn, landed, columns)
    if table.has_integer_key:
        _count_on(conn, landed)
    return told


def _alter(landed: LandedTable, column: str, action: SQL | Composed) -> Composed:
    return SQL("alter table {} alter column {} {}").format(landed.identifier, Identifier(column), action)


def _set_default(conn: Connection[Any], table: Table, landed: LandedTable, column: Column) -> list[Finding]:
    said = str(column.default).strip()
    if said.lower() == "null" or column.is_generated:
        return []
    default = default_of(said, landed.types[column.name])
    if default is not None:
        conn.execute(_alter(landed, column.name, SQL("set default {}").format(default)))
        return []
    return [
        Finding(
            table=table.name, column=column.name, kind="default left out", rows=0, row=None,
            says=f"its default {said} has no counterpart for {landed.types[column.name]}",
            remedy="new rows of old code have NULL there after the cut-over, unless the mapping gives a default",
        )
    ]  # fmt: skip


def default_of(said: str, type_: LandedType) -> Composed | None:
    """A default of SQLite's as PostgreSQL says it for a type, or None when there is no such form."""
    said = re.sub(r"^\((.*)\)$", r"\1", said.strip(), flags=re.DOTALL).strip()
    if said.lower() in {"true", "false"}:
        said = str(int(said.lower() == "true"))
    if form := _NOW.get(re.sub(r"\s", "", said.lower())):
        now = SQL("to_char(now() at time zone 'UTC', {})").format(Literal(form))
        return now if type_ == "text" else None
    if text := _TEXT.fullmatch(said):
        said = text[1].replace("''", "'")
        if type_ == "text":
            return SQL("{}::text").format(Literal(said))
    if not _NUMBER.fullmatch(said):
        return None
    return _number(said, type_)


def _number(said: str, type_: LandedType) -> Composed | None:
    whole = float(said).is_integer()
    match type_:
        case "text":
            return SQL("{}::text").format(Literal(said))
        case "numeric" | "double precision":
            return SQL("{}::{}").format(Literal(said), SQL(type_))
        case "bigint" if whole:
            return SQL("{}::bigint").format(Literal(str(int(float(said)))))
        case "boolean" if said in {"0", "1"}:
            return SQL("{}::boolean").format(Literal(said == "1"))
        case _:
            return None


def _add_unique(conn: Connection[Any], landed: LandedTable, columns: tuple[str, ...]) -> list[Finding]:
    said = SQL("alter table {} add unique ({}) deferrable initially deferred").format(
        landed.identifier, listed(columns)
    )
    try:
        with conn.transaction():
            conn.execute(said)
    except errors.UniqueViolation:
        return [
            Finding(
                table=landed.name, column=", ".join(columns), kind="unique key left out", rows=0, row=None,
                says="values that SQLite tells apart are one in PostgreSQL",
                remedy="look at what was found of these columns' texts",
            )
        ]  # fmt: skip
    return []


def _count_on(conn: Connection[Any], landed: LandedTable) -> None:
    [column] = landed.key
    said = f"{landed.name}_{column}".encode()[:58].decode(errors="ignore")
    sequence = Identifier(landed.schema, f"{said}_seq")
    conn.execute(
        SQL("create sequence {} owned by {}.{}").format(sequence, landed.identifier, Identifier(column))
    )
    default = SQL("set default nextval({})").format(Literal(sequence.as_string(conn)))
    conn.execute(_alter(landed, column, default))


def high_water(source: sqlite3.Connection, table: Table) -> int:
    """The last id that AUTOINCREMENT gave, of rows that are gone as well; 0 where ids are given again."""
    if not source.execute("select 1 from sqlite_master where name = 'sqlite_sequence'").fetchall():
        return 0
    found = source.execute("select seq from sqlite_sequence where name = ?", [table.name]).fetchone()
    return int(found[0]) if found and found[0] is not None else 0


def move_on(conn: Connection[Any], landed: LandedTable, given: int) -> None:
    """The next id is beyond every one that the file has given. Nothing happens to a table that does not count."""
    column = landed.key[0]
    asked = [landed.identifier.as_string(conn), column]
    [(sequence,)] = rows(conn, "select pg_get_serial_sequence(%s, %s)", asked)
    if sequence is None:
        return
    used = SQL("select max({}) from {}").format(Identifier(column), landed.identifier)
    [(last,)] = rows(conn, used)  # without parameters, as a name may have a % in it
    said = (
        "select setval(%(sequence)s::regclass, next.id)"
        " from (select greatest(%(last)s::bigint, pg_sequence_last_value(%(sequence)s::regclass))) as next (id) where next.id > 0"
    )
    conn.execute(said, {"sequence": sequence, "last": max(given, last or 0)})
