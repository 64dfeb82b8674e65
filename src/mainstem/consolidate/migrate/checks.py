"""Checks: a picture of a database before and after, and what of the first is missing in the second."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from mainstem.consolidate.backup import catalog, digests, sqlite
from mainstem.consolidate.backup.catalog import Key, Objects
from mainstem.consolidate.migrate.findings import Finding


@dataclass(frozen=True, slots=True)
class Picture:
    """`rows` of tables (and of views that took a table's name), every object, and rows that have no parent."""

    rows: Mapping[str, int]
    objects: Objects
    orphans: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Renames:
    """What a migration says it renames: tables, and columns of the tables that they were in."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def key(self, key: Key) -> Key:
        """The key under which this object of before is looked for afterwards."""
        if not key.table:
            return key
        parts = [self.columns.get((key.table, part), part) for part in key.name.split(", ")]
        return Key(key.kind, self.tables.get(key.table, key.table), ", ".join(parts))


def of_sqlite(conn: sqlite3.Connection) -> Picture:
    relations = conn.execute(
        "select name from sqlite_master where rootpage > 0 and type = 'table' or type = 'view'"
    )
    return Picture(
        {name: count for (name,) in relations.fetchall() if (count := _count(conn, name)) is not None},
        catalog.sqlite_objects(conn),
        sqlite.foreign_key_violations(conn),
    )


def of_postgres(conn: psycopg.Connection[Any], tables: Iterable[tuple[str, str]]) -> Picture:
    """With the rows of these tables, as schema and name, that are still there under the name."""
    rows = {}
    for schema, table in tables:
        name = SQL("{}").format(Identifier(schema, table))
        [(found,)] = conn.execute("select to_regclass(%s)", [name.as_string(conn)]).fetchall()
        if found is not None:
            [(count,)] = conn.execute(SQL("select count(*) from {}").format(name)).fetchall()
            rows[f"{schema}.{table}"] = count
    return Picture(rows, catalog.objects(conn))


def lost(before: Picture, after: Picture, renames: Renames | None = None) -> list[Finding]:
    """What was there before and is not there afterwards. Rows are compared by the name they are read under."""
    return [*_lost_rows(before, after), *_lost_objects(before, after, renames or Renames()), *_orphans(before, after)]  # fmt: skip


def _lost_rows(before: Picture, after: Picture) -> Iterator[Finding]:
    for name, rows in before.rows.items():
        now = after.rows.get(name)
        if now is None:
            yield Finding(
                "lost-table", name, rows, f"{name} is gone", "keep it, or rename it until nobody misses it"
            )
        elif now < rows and Key("view", "", name) not in before.objects:
            yield Finding("lost-rows", name, rows - now, f"{now} of {rows} rows are left", "find what dropped them: a join, a filter, a key that collides")  # fmt: skip


def _lost_objects(before: Picture, after: Picture, renames: Renames) -> Iterator[Finding]:
    gone = {
        key for key in before.objects if key not in after.objects and renames.key(key) not in after.objects
    }
    for key in sorted(gone):
        whole = key.table in before.rows and key.table not in after.rows
        if not whole and not _stands_for(key, after.objects) and key.name not in before.rows:
            yield Finding(_rule(key), str(key), None, f"the {key.kind} {key.name} is gone", _remedy(key))


def _stands_for(key: Key, objects: Objects) -> bool:
    """A view has taken the table's name: the name still answers, and its rows were counted."""
    return key.kind in {"table", "view"} and any(
        Key(kind, "", key.name) in objects for kind in ("table", "view")
    )


def _orphans(before: Picture, after: Picture) -> Iterator[Finding]:
    for name, rows in after.orphans.items():
        if rows > before.orphans.get(name, 0):
            yield Finding("orphans", name, rows, f"{rows} rows of {name} have no parent", "move or remove them in the same migration")  # fmt: skip


def _remedy(key: Key) -> str:
    if key.kind == "column":
        return f"carry it over; or, once no code reads it, --accept {_rule(key)}"
    return f"make it again at the end of the migration; or --accept {_rule(key)}"


def _rule(key: Key) -> str:
    return f"lost-{key.kind.replace(' ', '-')}"


def _count(conn: sqlite3.Connection, name: str) -> int | None:
    """A view that no longer works counts as gone."""
    try:
        [(count,)] = conn.execute(f"select count(*) from {digests.quoted(name)}").fetchall()
    except sqlite3.OperationalError:
        return None
    return int(count)
