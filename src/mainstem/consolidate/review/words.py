"""PostgreSQL's own words: what it calls a type, and how it puts an expression once it has planned it.

Nobody else can say that `status in ('a', 'b')` and `status = any (array['a', 'b'])` are the same. EXPLAIN says it, and
plans without reading a row: the expression stands over a row of typed NULLs in place of the table.
"""

from __future__ import annotations

import re
from typing import Any, cast

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Identifier

from mainstem.consolidate.review.picture import Table
from mainstem.errors import ExpressionRefused

_SYNONYMS = {"CURRENT_TIMESTAMP": "now()", "transaction_timestamp()": "now()"}

_QUOTED = re.compile(r"('(?:[^']|'')*')")

_WORDED = SQL(
    "select format_type(oid, case when typtype = 'd' then -1 else {modifier} end) from pg_type where oid = {oid}::oid"
)
"""A value of a domain comes with the modifier of the type below it."""


class PostgresWords:
    """The words of one database, each asked for once."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn
        self._types: dict[str, str] = {}
        self._expressions: dict[tuple[Any, ...], str] = {}

    def type(self, declared: str) -> str:
        """As format_type() has it. Raises ExpressionRefused when the database has no such type."""
        if declared not in self._types:
            self._types[declared] = self._ask_type(declared)
        return self._types[declared]

    def same_type(self, ours: str, theirs: str) -> bool:
        """format_type() has one name for each."""
        return ours == theirs

    def expression(self, text: str, table: Table, cast: str = "") -> str:
        """The wording of what the planner makes of it. `cast`: the type that it is put into.

        Raises ExpressionRefused when it cannot be planned over this table.
        """
        key = (text, table.name, cast)
        if key not in self._expressions:
            self._expressions[key] = self._ask_expression(text, table, cast)
        return self._expressions[key]

    def _ask_type(self, declared: str) -> str:
        """The first statement proves that it is the name of a type, and of nothing else, before it stands in the second."""
        [known] = self._row(SQL("select pg_catalog.to_regtype({}) is not null").format(declared), declared)
        if not known:
            raise ExpressionRefused(f"the database has no type {declared}")
        with self.conn.cursor(binary=True) as cursor:
            cursor.execute(SQL("select null::{0}, pg_typeof(null::{0})::oid").format(_sql(declared)))
            [(_, oid)] = cursor.fetchall()
            modifier = cursor.pgresult.fmod(0) if cursor.pgresult else -1
        [worded] = self._row(_WORDED.format(oid=oid, modifier=modifier), declared)
        return str(worded)

    def _ask_expression(self, text: str, table: Table, cast: str) -> str:
        said = SQL("({})::{}").format(_sql(text), _sql(cast)) if cast else SQL("({})").format(_sql(text))
        query = SQL("explain (verbose, costs off, format json) select {} from {}").format(
            said, _row_of(table)
        )
        [explained] = self._row(query, text)
        [output] = explained[0]["Plan"]["Output"]
        return "".join(part if part.startswith("'") else _plainly(part) for part in _QUOTED.split(output))

    def _row(self, query: Composed, asked: str) -> Any:
        """Sent as one statement, whatever the text has in it: `binary` takes the extended protocol."""
        try:
            return self.conn.execute(query, binary=True).fetchone()
        except (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError) as refused:
            said = refused.diag.message_primary or str(refused)
            raise ExpressionRefused(f"{asked}: {said}") from refused


def _plainly(sql: str) -> str:
    for word, synonym in _SYNONYMS.items():
        sql = sql.replace(word, synonym)
    return sql


def _row_of(table: Table) -> Composable:
    """A row of the table's types, behind OFFSET 0: the planner leaves alone what is within."""
    columns = SQL(", ").join(
        SQL("null::{} as {}").format(_sql(column.type), Identifier(column.name))
        for column in table.columns.values()
    )
    return SQL("(select {} offset 0) as {}").format(columns, Identifier(table.name.name))


def _sql(text: str) -> SQL:
    """Text of the catalog or of the user's own models, as SQL."""
    return SQL(cast("Any", text))
