"""A PostgreSQL database that is only looked at: its catalog, and counts over its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from mainstem.consolidate.lint.catalog import Column, Name, Table
from mainstem.consolidate.lint.live.counts import Count
from mainstem.consolidate.sources.postgres import (
    PINNED,
    READ_ONLY,
    SET,
    Patience,
    for_session,
    for_transaction,
    login,
)
from mainstem.errors import UnreadableDatabase

_PINNED = {
    **PINNED,
    **READ_ONLY,
    **Patience(lock=1, statement=30, idle_in_transaction=30).settings(),
}
_GENERATED = {"a": "identity-always", "d": "identity", "s": "stored", "v": "virtual"}
_KINDS = {"r": "table", "p": "partitioned table", "v": "view", "m": "materialized view", "f": "foreign table"}


class PostgresLive:
    """The database as a reader sees it. `path` is the search path that its own statements are read with."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn
        self._tables: dict[Name, Table | None] = {}
        [(self.path,)] = self.ask("select current_setting('search_path')")
        self.ask(SET, for_session(_PINNED))

    def ask(self, query: LiteralString, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """A question of ours about the catalog."""
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            try:
                return cursor.execute(query, parameters or None).fetchall()
            except psycopg.Error as error:
                raise UnreadableDatabase(
                    f"the database does not answer: {error.diag.message_primary or error}",
                    hint="give a login that may read the catalog and the tables",
                ) from error

    def rows(self, query: str, *, path: str | None = None) -> list[tuple[Any, ...]]:
        """A query with their text in it, read as they would have it, in a transaction that keeps nothing.

        Raises psycopg.Error with whatever their text makes of it.
        """
        with self._reading(path) as cursor:
            return cursor.execute(query.encode(), binary=True).fetchall()

    @contextmanager
    def _reading(self, path: str | None) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
        """A transaction that can only read, behind a pooler too.

        What runs in it goes by the extended protocol (`binary`), which takes one statement: a text that the server
        takes apart otherwise than we do brings no second one with it.
        """
        with self.conn.transaction(force_rollback=True), self.conn.cursor(row_factory=tuple_row) as cursor:
            pinned = {"transaction_read_only": "on", **_PINNED, "search_path": path or self.path}
            cursor.execute(SET, for_transaction(pinned))
            yield cursor

    def count(self, query: str, *, path: str | None = None) -> Count:
        """The one number that a query gives; a second column is a sample of what it counted."""
        try:
            [[number, *samples]] = self.rows(query, path=path)
        except psycopg.Error as error:
            return Count(None, error.diag.message_primary or str(error))
        return Count(int(number or 0), sample=tuple(str(each) for sample in samples for each in sample or []))

    def refusal(self, statement: str, *, path: str | None = None) -> str:
        """Why the server would not run a statement as things stand; empty when it would. Nothing is run."""
        return self._explained(statement, path)[1]

    def planned_rows(self, statement: str, *, path: str | None = None) -> int | None:
        """How many rows the server expects a statement to go through; None when it cannot plan it."""
        lines, _ = self._explained(statement, path)
        return max(
            (int(number) for line in lines for number in re.findall(r"rows=(\d+)", line)), default=None
        )

    def _explained(self, statement: str, path: str | None) -> tuple[list[str], str]:
        """The plan of a statement, and why there is none."""
        try:
            return [str(line) for (line,) in self.rows(f"explain {statement}", path=path)], ""
        except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.QueryCanceled):
            return [], ""
        except psycopg.Error as error:
            return [], error.diag.message_primary or str(error)

    def shape(self, query: str, *, path: str | None = None) -> list[tuple[str, str]]:
        """The names and types of what a query gives. Raises psycopg.Error."""
        with self._reading(path) as cursor:
            described = cursor.execute(query.encode(), binary=True).description or []
            named = [(column.name, column.type_code) for column in described]
            found = cursor.execute(
                "select t, format_type(t, null) from unnest(%s::oid[]) t", [[code for _, code in named]]
            )
            types = dict(found.fetchall())
        return [(name, types[code]) for name, code in named]

    def table(self, name: Name) -> Table | None:
        """A relation by the name that a statement uses; None when there is none."""
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def oid(self, name: Name) -> int | None:
        found = self.ask(_RELATION, [name.name, name.schema, self._schemas()])
        return found[0][0] if found else None

    def _schemas(self) -> list[str]:
        user = self.conn.info.user
        return [piece.strip().strip('"').replace("$user", user) for piece in self.path.split(",")]

    def _read(self, name: Name) -> Table | None:
        found = self.ask(_RELATION, [name.name, name.schema, self._schemas()])
        if not found:
            return None
        oid, schema, kind, oddities = found[0]
        columns = {
            column: Column(column, type_, nullable, _GENERATED.get(generated, "sequence" if counted else ""))
            for column, type_, nullable, generated, counted in self.ask(_COLUMNS, [oid])
        }
        keys = self.ask(_KEYS, [oid])
        return Table(
            Name(name.name, schema),
            columns,
            next((tuple(names) for is_primary, names in keys if is_primary), ()),
            tuple(frozenset(names) for _, names in keys),
            tuple((tuple(names), to) for names, to in self.ask(_REFERENCES, [oid])),
            _KINDS.get(kind, "relation"),
            tuple(oddities),
        )


@contextmanager
def postgres_live(url: str) -> Iterator[PostgresLive]:
    """Raises Unreachable, RightsMissing, UnreadableDatabase."""
    with login(url, application_name="mainstem consolidate lint") as conn:
        yield PostgresLive(conn)


def quoted(name: Name) -> str:
    """A name as SQL, whatever is in it."""
    pieces = [piece for piece in (name.schema, name.name) if piece]
    return SQL(".").join(map(Identifier, pieces)).as_string(None)


def column(name: str) -> str:
    return Identifier(name).as_string(None)


def literal(value: str) -> str:
    """A text as SQL; standard_conforming_strings is on, as everywhere since 9.1."""
    return "'" + re.sub("'", "''", value) + "'"


_RELATION: LiteralString = """
select c.oid, n.nspname::text, c.relkind::text,
       array_remove(array[
         case when c.relkind = 'f' then 'a foreign table' end,
         case when c.relkind = 'p' then 'partitioned' end,
         case when exists (select from pg_inherits i where i.inhparent = c.oid) and c.relkind = 'r' then 'a parent by inheritance' end,
         case when exists (select from pg_inherits i where i.inhrelid = c.oid) and not c.relispartition then 'an inheritance child' end,
         case when exists (select from pg_attribute a join pg_type t on t.oid = a.atttypid
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                              and t.typname in ('oid', 'lo')) then 'with large objects' end], null)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname = coalesce(%s, n.nspname)
 order by array_position(%s::text[], n.nspname::text), n.nspname
"""

_COLUMNS: LiteralString = """
select a.attname::text, format_type(a.atttypid, a.atttypmod), not a.attnotnull,
       coalesce(nullif(a.attidentity::text, ''), a.attgenerated::text),
       coalesce(pg_get_expr(d.adbin, d.adrelid) like 'nextval(%%', false)
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attrelid = %s and a.attnum > 0 and not a.attisdropped order by a.attnum
"""

_KEYS: LiteralString = """
select i.indisprimary, array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (n, at)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n where k.at <= i.indnkeyatts order by k.at)
  from pg_index i
 where i.indrelid = %s and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
 order by not i.indisprimary
"""

_REFERENCES: LiteralString = """
select array(select a.attname::text from unnest(c.conkey) with ordinality k (n, at)
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n order by k.at), t.relname::text
  from pg_constraint c join pg_class t on t.oid = c.confrelid
 where c.conrelid = %s and c.contype = 'f'
"""
