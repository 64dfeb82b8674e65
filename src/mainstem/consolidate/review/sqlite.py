"""What a SQLite file has: its schema as a picture, and what is the same to it. Types are affinities there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Inspector, create_engine, inspect
from sqlalchemy.pool import StaticPool

from mainstem.consolidate.review.declared import index_order, plain_unique
from mainstem.consolidate.review.picture import (
    Check,
    Column,
    Default,
    Element,
    Filling,
    ForeignKey,
    Index,
    Name,
    Picture,
    Table,
    Unique,
)
from mainstem.errors import NotReviewable

_QUOTED = re.compile(r"('(?:[^']|'')*')")
_WHERE = re.compile(r"\bwhere\b(.*)$", re.IGNORECASE | re.DOTALL)
_COMPUTED = (2, 3)
"""What table_xinfo calls a generated column, virtual and stored."""


class SqliteWords:
    """SQLite has no planner's wording; case, brackets and quotes are all that is put aside."""

    def type(self, declared: str) -> str:
        return declared.upper()

    def same_type(self, ours: str, theirs: str) -> bool:
        return affinity(ours) == affinity(theirs)

    def expression(self, text: str, table: Table, cast: str = "") -> str:  # noqa: ARG002
        parts = _QUOTED.split(text)
        return "".join(
            part if part.startswith("'") else re.sub(r'[\s()"`\[\]]', "", part).lower() for part in parts
        )


def affinity(declared: str) -> str:
    """By the rules of SQLite's documentation, in their order."""
    name = declared.upper()
    rules = (("INT",), "INTEGER"), (("CHAR", "CLOB", "TEXT"), "TEXT"), (("BLOB",), "BLOB"), (("REAL", "FLOA", "DOUB"), "REAL")  # fmt: skip
    for signs, found in rules:
        if any(sign in name for sign in signs):
            return found
    return "NUMERIC" if name else "BLOB"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises NotReviewable when there is no SQLite file."""
    if not path.is_file():
        raise NotReviewable(f"there is no file {path}", hint="give sqlite:///path/to/file.db")
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        conn.execute("pragma query_only = on")
        try:
            conn.execute("select count(*) from sqlite_master")
        except sqlite3.DatabaseError as refused:
            raise NotReviewable(f"{path}: {refused}", hint="give the file of a SQLite database") from refused
        yield conn


def found(conn: sqlite3.Connection) -> Picture:
    """The picture of the whole file."""
    named = conn.execute(
        "select name, type from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'"
    ).fetchall()
    inspector = inspect(create_engine("sqlite://", creator=lambda: conn, poolclass=StaticPool))
    tables = [
        _table(conn, row["name"]) if row["type"] == "table" else _view(conn, row["name"]) for row in named
    ]
    return Picture({table.name: _with_words(inspector, table) for table in tables})


def _view(conn: sqlite3.Connection, name: str) -> Table:
    columns = {row["name"]: _column(row) for row in _rows(conn, "table_xinfo", name)}
    return Table(Name("", name), columns, is_view=True)


def _table(conn: sqlite3.Connection, name: str) -> Table:
    columns = _rows(conn, "table_xinfo", name)
    keys = sorted((row for row in columns if row["pk"]), key=lambda row: int(row["pk"]))
    made = list(_indexes(conn, name))
    return Table(
        name=Name("", name),
        columns={row["name"]: _column(row) for row in columns},
        primary_key=tuple(row["name"] for row in keys),
        foreign_keys=tuple(_foreign_keys(conn, name)),
        uniques=tuple(index for index in made if isinstance(index, Unique)),
        indexes=tuple(index for index in made if isinstance(index, Index)),
    )


def _with_words(inspector: Inspector, table: Table) -> Table:
    """SQLite keeps some only in the text of CREATE TABLE, which SQLAlchemy reads: CHECKs, computed columns."""
    if table.is_view:
        return table
    name = table.name.name
    checks = inspector.get_check_constraints(name)
    columns = dict(table.columns)
    if any(column.default.filling is Filling.COMPUTED for column in columns.values()):
        for read in inspector.get_columns(name):
            if computed := read.get("computed"):
                default = Default(Filling.COMPUTED, computed["sqltext"])
                columns[read["name"]] = replace(columns[read["name"]], default=default)
    found = tuple(Check(check["sqltext"], check["name"] or "") for check in checks)
    return replace(table, checks=found, columns=columns)


def _rows(conn: sqlite3.Connection, pragma: str, of: str) -> list[sqlite3.Row]:
    return conn.execute(f"select * from pragma_{pragma}(?)", [of]).fetchall()


def _column(row: sqlite3.Row) -> Column:
    return Column(row["name"], row["type"].upper(), not row["notnull"], _default(row))


def _default(row: sqlite3.Row) -> Default:
    if row["hidden"] in _COMPUTED:
        return Default(Filling.COMPUTED)
    given = row["dflt_value"]
    return Default() if given is None or given.upper() == "NULL" else Default(Filling.DEFAULT, given)


def _foreign_keys(conn: sqlite3.Connection, table: str) -> Iterator[ForeignKey]:
    grouped: dict[int, list[sqlite3.Row]] = {}
    for row in sorted(_rows(conn, "foreign_key_list", table), key=lambda row: (row["id"], row["seq"])):
        grouped.setdefault(row["id"], []).append(row)
    for rows in grouped.values():
        target = rows[0]["table"]
        named = [row["to"] for row in rows if row["to"]] or [
            row["name"] for row in _rows(conn, "table_xinfo", target) if row["pk"]
        ]
        yield ForeignKey(
            columns=tuple(row["from"] for row in rows),
            target=Name("", target),
            target_columns=tuple(named),
            on_delete=rows[0]["on_delete"],
            on_update=rows[0]["on_update"],
        )


def _indexes(conn: sqlite3.Connection, table: str) -> Iterator[Index | Unique]:
    for row in _rows(conn, "index_list", table):
        if row["origin"] == "pk":
            continue
        [sql] = conn.execute("select max(sql) from sqlite_master where name = ?", [row["name"]]).fetchone()
        where = _WHERE.search(sql or "") if row["partial"] else None
        parts = [part for part in _rows(conn, "index_xinfo", row["name"]) if part["key"]]
        yield plain_unique(
            Index(
                elements=tuple(_elements(parts, sql or "")),
                unique=bool(row["unique"]),
                where=where.group(1).strip() if where else "",
                name="" if row["origin"] == "u" else row["name"],
            )
        )


def _elements(parts: list[Any], sql: str) -> Iterator[Element]:
    """Of an expression SQLite says only that it is one; its words are in CREATE INDEX."""
    written = list(_split(sql))
    for place, part in enumerate(parts):
        order = index_order(descends=bool(part["desc"]), nulls="first" if part["desc"] else "last")
        if part["name"] is not None:
            yield Element(part["name"], order)
        else:
            said = re.sub(r"\s+(asc|desc)\s*$", "", written[place], flags=re.IGNORECASE)
            yield Element(said.strip(), order, is_column=False)


def _split(sql: str) -> Iterator[str]:
    """What stands between the commas of the first bracket."""
    depth, word = 0, ""
    for sign in sql[sql.find("(") :]:
        depth += (sign == "(") - (sign == ")")
        if depth == 0 or (depth == 1 and sign == ","):
            yield word
            word = ""
            if depth == 0:
                return
        elif not (depth == 1 and sign == "(" and not word):
            word += sign
