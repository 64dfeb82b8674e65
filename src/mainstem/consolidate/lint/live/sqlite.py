"""A SQLite file that is only looked at: its tables, and counts over its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mainstem.consolidate.lint.catalog import Column, Name, Table
from mainstem.consolidate.lint.live.counts import Count
from mainstem.errors import UnreadableDatabase


class SqliteLive:
    """The file as a reader sees it; readers of a WAL file see what is in the log too."""

    def __init__(self, path: Path, conn: sqlite3.Connection) -> None:
        self.path = path
        self.conn = conn

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Raises UnreadableDatabase."""
        try:
            return self.conn.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            raise UnreadableDatabase(
                f"{self.path}: {error}", hint="look at it with `sqlite3 FILE 'pragma integrity_check'`"
            ) from error

    def count(self, query: str) -> Count:
        try:
            [[number]] = self.conn.execute(query).fetchall()
        except sqlite3.Error as error:
            return Count(None, str(error))
        return Count(int(number or 0))

    def refusal(self, statement: str) -> str:
        """Why SQLite would not run a statement as things stand; empty when it would. Nothing is run."""
        try:
            self.conn.execute(f"explain {statement}").fetchall()
        except sqlite3.Error as error:
            return str(error)
        return ""

    def tables(self) -> list[str]:
        return [
            name
            for (name,) in self.ask(
                "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name"
            )
        ]

    def table(self, name: Name) -> Table | None:
        """A table by its name, in any case; None when there is none."""
        found = self.ask(
            "select name, type from sqlite_schema where type in ('table', 'view') and lower(name) = lower(?)",
            [name.name],
        )
        if not found:
            return None
        [(known, kind)] = found
        listed = self.ask('select name, lower(type), "notnull", pk from pragma_table_info(?)', [known])
        primary = tuple(column for column, _, _, place in sorted(listed, key=lambda row: row[3]) if place)
        columns = {
            column: Column(column, type_, not (is_set or place)) for column, type_, is_set, place in listed
        }
        keys = [frozenset(primary)] if primary else []
        return Table(
            Name(known), columns, primary, (*keys, *self._unique(known)), self._references(known), kind
        )

    def _unique(self, table: str) -> Iterator[frozenset[str]]:
        for (index,) in self.ask(
            "select name from pragma_index_list(?) where \"unique\" and not partial and origin <> 'pk'",
            [table],
        ):
            yield frozenset(
                name for (name,) in self.ask("select name from pragma_index_info(?)", [index]) if name
            )

    def _references(self, table: str) -> tuple[tuple[tuple[str, ...], str], ...]:
        listed = self.ask(
            'select id, "from", "table" from pragma_foreign_key_list(?) order by id, seq', [table]
        )
        grouped: dict[int, list[str]] = {}
        for number, column, _ in listed:
            grouped.setdefault(number, []).append(column)
        return tuple(
            (tuple(columns), next(to for n, _, to in listed if n == number))
            for number, columns in grouped.items()
        )


@contextmanager
def sqlite_live(path: Path) -> Iterator[SqliteLive]:
    """The file, opened read-only. Raises UnreadableDatabase."""
    try:
        conn = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5, isolation_level=None)
    except sqlite3.Error as error:
        raise UnreadableDatabase(f"{path}: {error}", hint="give the path of a SQLite file") from error
    with closing(conn):
        yield SqliteLive(path, conn)


def identifier(name: str) -> str:
    """A name as SQLite's SQL, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
