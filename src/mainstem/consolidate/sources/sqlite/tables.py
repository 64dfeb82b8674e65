"""A SQLite file's tables: their columns, affinities and keys, as far as a landing needs them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mainstem.consolidate.sources.sqlite.opening import literal, name
from mainstem.errors import SourceUnlandable

OURS = "_mainstem_"
"""What we put into a file, or beside what was landed from it, begins with this."""

DIRTY = f"{OURS}dirty"

ROWID = f"{OURS}rowid"
"""The landed column of the row id, for tables that have no key of their own."""

MOST_COLUMNS = 800
"""A comparison selects both sides of a row, and PostgreSQL selects 1,664 columns at most."""

SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})

Affinity = Literal["integer", "real", "text", "blob", "numeric"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column as it was declared. `affinity` is what SQLite makes of the declared type."""

    name: str
    declared: str
    affinity: Affinity
    is_not_null: bool = False
    default: str | None = None
    """As SQL of SQLite."""
    is_generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `rowid` is a name by which its row id can be said; None when it has none."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    rowid: str | None
    unique: tuple[tuple[str, ...], ...]
    """Columns of each unique index, the primary key's and partial ones among them; expressions are left out."""
    unique_keys: tuple[tuple[str, ...], ...] = ()
    """Of these the ones that hold for every row, beside the primary key."""

    @property
    def has_integer_key(self) -> bool:
        """Whether its key is the row id by another name, and so never NULL."""
        declared = {column.name: column.declared.lower() for column in self.columns}
        return (
            self.rowid is not None
            and len(self.primary_key) == 1
            and declared[self.primary_key[0]] == "integer"
            and self.primary_key not in self.unique
        )


def affinity_of(declared: str) -> Affinity:
    """SQLite's five rules, in their order."""
    said = declared.upper()
    if "INT" in said:
        return "integer"
    if any(word in said for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if not said or "BLOB" in said:
        return "blob"
    return "real" if any(word in said for word in ("REAL", "FLOA", "DOUB")) else "numeric"


def tables_of(conn: sqlite3.Connection, names: Sequence[str] | None = None) -> list[Table]:
    """The tables named, or all ordinary ones by name. Raises SourceUnlandable for one that is not there."""
    there = {
        said.decode(): sql.decode("utf-8", "replace")
        for said, sql in conn.execute(
            "select name, sql from sqlite_master where type = 'table' order by name"
        )
    }
    ordinary = [said for said, sql in there.items() if _is_ordinary(said, sql)]
    if unknown := [said for said in names or () if said not in ordinary]:
        raise SourceUnlandable(
            f"the file has no table {unknown[0]!r} that can be landed",
            hint=f"it has: {', '.join(ordinary) or 'none'}",
        )
    return [table_of(conn, said) for said in (ordinary if names is None else names)]


def _is_ordinary(said: str, sql: str) -> bool:
    ours = said.lower().startswith(("sqlite_", OURS))
    return not ours and not re.match(r"\s*create\s+virtual", sql, re.IGNORECASE)


def table_of(conn: sqlite3.Connection, table: str) -> Table:
    """One table. Raises SourceUnlandable when PostgreSQL could not have it under these names."""
    listed = list(
        conn.execute(
            f'select name, type, pk, hidden, "notnull", dflt_value from pragma_table_xinfo({literal(table)})'
        )
    )
    columns = tuple(_column(said, kind, hidden, *rest) for said, kind, _, hidden, *rest in listed)
    _refuse_unlandable(table, [column.name for column in columns])
    keyed = sorted((position, said.decode()) for said, _, position, *_ in listed if position)
    found = _unique(conn, table)
    return Table(
        name=table,
        columns=columns,
        primary_key=tuple(said for _, said in keyed),
        rowid=_rowid(conn, table, {column.name.lower() for column in columns}),
        unique=tuple(columns for columns, _ in found),
        unique_keys=tuple(columns for columns, is_key in found if is_key),
    )


def _column(said: bytes, kind: bytes, hidden: int, not_null: int, default: bytes | None) -> Column:
    declared = kind.decode()
    wanted = None if default is None else default.decode()
    return Column(said.decode(), declared, affinity_of(declared), bool(not_null), wanted, hidden > 1)


def _rowid(conn: sqlite3.Connection, table: str, columns: set[str]) -> str | None:
    free = next((said for said in ("_rowid_", "rowid", "oid") if said not in columns), None)
    if free is None:
        return None
    try:
        conn.execute(f"select {free} from {name(table)} limit 0")
    except sqlite3.OperationalError:  # WITHOUT ROWID
        return None
    return free


def _unique(conn: sqlite3.Connection, table: str) -> list[tuple[tuple[str, ...], bool]]:
    """Columns, and whether they are a key of every row beside the primary one."""
    found = []
    asked = (
        f'select name, origin, partial from pragma_index_list({literal(table)}) where "unique" order by name'
    )
    for index, origin, partial in conn.execute(asked).fetchall():
        parts = conn.execute(
            f"select name from pragma_index_info({literal(index.decode())}) order by seqno"
        ).fetchall()
        if all(part is not None for (part,) in parts):
            columns = tuple(part.decode() for (part,) in parts)
            found.append((columns, origin != b"pk" and not partial))
    return found


def _refuse_unlandable(table: str, columns: list[str]) -> None:
    for said in (table, *columns):
        if len(said.encode()) > 63 or "\0" in said or not said:
            raise SourceUnlandable(
                f"{table}: the name {said!r} is longer than the 63 bytes that PostgreSQL takes, or empty",
                hint="rename it in a copy of the file, or leave the table out",
            )
    if taken := SYSTEM_COLUMNS.intersection(columns):
        raise SourceUnlandable(
            f"{table}.{min(taken)} has the name of a system column of PostgreSQL",
            hint="rename it in a copy of the file",
        )
    if len(columns) > MOST_COLUMNS:
        raise SourceUnlandable(
            f"{table} has {len(columns)} columns, more than the {MOST_COLUMNS} that can be landed and compared",
            hint="leave it out, or split it in a copy of the file",
        )


def key_of(conn: sqlite3.Connection, table: Table) -> tuple[str, ...]:
    """The declared key where it names every row, else the row id. Raises SourceUnlandable where there is neither."""
    if table.primary_key and not _key_has_null(conn, table):
        return table.primary_key
    if table.rowid is None:
        raise SourceUnlandable(
            f"{table.name} has neither a key without NULL nor a row id", hint="leave it out"
        )
    return (ROWID,)


def _key_has_null(conn: sqlite3.Connection, table: Table) -> bool:
    if table.has_integer_key or table.rowid is None:
        return False
    said = " or ".join(f"{name(column)} is null" for column in table.primary_key)
    [found] = conn.execute(f"select exists (select 1 from {name(table.name)} where {said})").fetchone()
    return bool(found)


def in_sql(table: Table, column: str) -> str:
    """A landed column as SQLite says it."""
    return str(table.rowid) if column == ROWID else name(column)
