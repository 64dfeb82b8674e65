"""Facts: what lint has to know of the live database, asked read-only and only where a statement names a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
from psycopg.sql import SQL, Identifier

from mainstem.consolidate.backup.digests import quoted
from mainstem.consolidate.backup.target import Sqlite, Target, pinned, reading


class Facts(Protocol):
    """A database as lint sees it. A table that is not there has no rows and no columns."""

    def rows(self, table: tuple[str, ...]) -> int | None: ...

    def columns(self, table: tuple[str, ...]) -> list[str]: ...


@contextmanager
def facts_of(target: Target) -> Iterator[Facts]:
    if isinstance(target, Sqlite):
        with reading(target.path) as conn:
            yield _SqliteFacts(conn)
    else:
        with pinned(target) as conn:
            conn.execute("reset search_path")  # the script's bare names mean what they mean to its login
            conn.execute("set statement_timeout = '30s'")
            yield _PostgresFacts(conn)


@dataclass
class _PostgresFacts:
    conn: psycopg.Connection[Any]
    _known: dict[tuple[str, ...], int | None] = field(default_factory=dict)

    def rows(self, table: tuple[str, ...]) -> int | None:
        if table not in self._known:
            self._known[table] = self._count(table) if self.columns(table) else None
        return self._known[table]

    def columns(self, table: tuple[str, ...]) -> list[str]:
        found = self.conn.execute(
            "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
            " order by attnum",
            [SQL(".").join(map(Identifier, table)).as_string(self.conn)],
        )
        return [name for (name,) in found]

    def _count(self, table: tuple[str, ...]) -> int | None:
        try:
            [(count,)] = self.conn.execute(
                SQL("select count(*) from {}").format(Identifier(*table))
            ).fetchall()
        except psycopg.errors.QueryCanceled:
            return self._estimate(table)
        return int(count)

    def _estimate(self, table: tuple[str, ...]) -> int | None:
        [(count,)] = self.conn.execute(
            "select reltuples::bigint from pg_class where oid = to_regclass(%s)",
            [SQL(".").join(map(Identifier, table)).as_string(self.conn)],
        ).fetchall()
        return None if count < 0 else int(count)


@dataclass
class _SqliteFacts:
    conn: Any

    def rows(self, table: tuple[str, ...]) -> int | None:
        if not self.columns(table):
            return None
        [(count,)] = self.conn.execute(f"select count(*) from {quoted(table[-1])}").fetchall()
        return int(count)

    def columns(self, table: tuple[str, ...]) -> list[str]:
        return [row[1] for row in self.conn.execute(f"pragma table_xinfo({quoted(table[-1])})")]
