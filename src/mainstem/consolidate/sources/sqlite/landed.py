"""A landed table as PostgreSQL's catalog has it: its columns with their types, and its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from psycopg import Connection, pq
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.sqlite.holdings import TYPES, LandedType
from mainstem.errors import BadArgument, LandingOutgrown


@dataclass(frozen=True, slots=True)
class LandedTable:
    """A table of a landing schema, or one that is about to be made."""

    schema: str
    name: str
    columns: tuple[tuple[str, LandedType], ...]
    key: tuple[str, ...]

    @property
    def identifier(self) -> Identifier:
        """As part of a statement."""
        return Identifier(self.schema, self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""
        return tuple(column for column, _ in self.columns)

    @property
    def types(self) -> dict[str, LandedType]:
        """Column to type."""
        return dict(self.columns)

    @property
    def definition(self) -> Composed:
        """What makes it."""
        columns = [SQL("{} {}").format(Identifier(column), SQL(type_)) for column, type_ in self.columns]
        return SQL("create table {} ({}, primary key ({}))").format(
            self.identifier, SQL(", ").join(columns), listed(self.key)
        )


def listed(columns: Sequence[str], of: str | None = None) -> Composed:
    """Column names with commas between, of a table's alias if given."""
    return SQL(", ").join([Identifier(of, column) if of else Identifier(column) for column in columns])


_COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod)
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relname = %s and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""

_KEY = """
select a.attname
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  cross join unnest(i.indkey) with ordinality as k (attnum, position)
  join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
where n.nspname = %s and c.relname = %s and i.indisprimary
order by k.position
"""


def landed_table(conn: Connection[Any], schema: str, table: str) -> LandedTable | None:
    """The table as it is there, or None. Raises LandingOutgrown when its columns are none that a landing makes."""
    columns = rows(conn, _COLUMNS, [schema, table])
    if not columns:
        return None
    if strange := [f"{column} {type_}" for column, type_ in columns if type_ not in TYPES]:
        raise LandingOutgrown(f"{schema}.{table} was not landed from SQLite: it has a column {strange[0]}")
    key = tuple(column for (column,) in rows(conn, _KEY, [schema, table]))
    return LandedTable(schema, table, cast("Any", tuple(columns)), key)


def rows(
    conn: Connection[Any], query: Any, parameters: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """The rows as tuples, whatever the connection's own factory makes of them."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def refuse_open_transaction(conn: Connection[Any]) -> None:
    """Our own transactions are committed before the file is told, so they cannot be part of the caller's."""
    if conn.info.transaction_status != pq.TransactionStatus.IDLE:
        raise BadArgument(
            "the connection is in a transaction", hint="commit it first, or give another connection"
        )
    if conn.info.parameter_status("server_encoding") != "UTF8":
        raise BadArgument(
            "the database's encoding is not UTF8", hint="land into a database with encoding UTF8"
        )
