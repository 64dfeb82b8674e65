"""A PostgreSQL schema as a reader sees it: its catalog, and how its values are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from mainstem.consolidate.inspect import postgres_catalog as catalog
from mainstem.consolidate.inspect.facts import Column, Dependant, Family, Key, Link, Table, fingerprint
from mainstem.consolidate.inspect.reader import Limits, Row, Survey, field
from mainstem.consolidate.sources.postgres import Patience, reading
from mainstem.errors import ScanAbandoned, SourceUnreadable

_FAMILIES = {
    **dict.fromkeys(("text", "varchar", "bpchar", "char", "name", "citext"), Family.TEXT),
    **dict.fromkeys(("int2", "int4", "int8"), Family.INTEGER),
    **dict.fromkeys(("numeric", "float4", "float8", "money"), Family.NUMBER),
    **dict.fromkeys(("json", "jsonb"), Family.JSON),
    "timestamptz": Family.TIME,
    "timestamp": Family.NAIVE_TIME,
    "date": Family.DATE,
    "uuid": Family.UUID,
    "bool": Family.BOOLEAN,
    "bytea": Family.BYTES,
}

_TIME = (
    r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?( ?(Z|z|UTC|[+-]\d\d(:?\d\d)?))?)?$|^\d{9,16}(\.\d+)?$"
)
_TYPICAL_ROW = 200


@contextmanager
def postgres(url: str, *, schema: str = "public", limits: Limits | None = None) -> Iterator[Postgres]:
    """A reader of one schema. Nothing can be written over its connection, and no snapshot is held."""
    chosen = limits or Limits()
    patience = Patience(lock=chosen.lock_seconds, statement=chosen.statement_seconds)
    with reading(url, patience=patience) as conn:
        yield Postgres(conn, schema, chosen)


class Postgres:
    """A reader; `mainstem.consolidate.inspect.reader.Reader` says what each part gives."""

    engine = "postgres"

    def __init__(self, conn: psycopg.Connection[Any], schema: str, limits: Limits) -> None:
        self.conn = conn
        self.schema = schema
        self.limits = limits

    def survey(self) -> Survey:
        tables = self._ask(catalog.TABLES)
        if not tables:
            raise SourceUnreadable(
                f"there is no table in the schema {self.schema!r} of {self.conn.info.dbname}",
                hint=f"name another with --schema; there are: {', '.join(self._schemas())}",
            )
        return Survey(
            version=str(self.conn.info.server_version // 10000),
            database=self.conn.info.dbname,
            schema=self.schema,
            tables=tuple(self._tables(tables)),
            dependants=tuple(Dependant(**row) for row in self._ask(catalog.DEPENDANTS)),
            schema_fingerprint=fingerprint(tuple(row.values()) for row in self._ask(catalog.FACTS)),
        )

    def counted(self, table: Table) -> Table:
        likely = table.rows if table.rows >= 0 else table.bytes // _TYPICAL_ROW
        if table.is_elsewhere:
            return replace(table, rows=max(table.rows, 0))
        if likely <= self.limits.whole_rows:
            [(rows,)] = self.rows(SQL("select count(*) from {}").format(self.whole(table, "c")))
            return replace(table, rows=rows, is_rows_exact=True)
        percent = self._percent(likely)
        return replace(table, rows=likely, is_rows_exact=False, sampled=f"{percent:g} % of its pages")

    def rows(self, query: Composed) -> list[Row]:
        try:
            return self.conn.execute(query).fetchall()
        except (
            psycopg.errors.QueryCanceled,
            psycopg.errors.LockNotAvailable,
            psycopg.errors.InsufficientPrivilege,
        ) as error:
            raise ScanAbandoned(
                error.diag.message_primary or str(error),
                hint="give it more time with --timeout, or a login that may read every row",
            ) from error

    def relation(self, table: Table, alias: str = "c") -> Composable:
        if not table.sampled:
            return self.whole(table, alias)
        percent = Literal(self._percent(table.rows))
        return SQL("{} tablesample system ({}) repeatable (1)").format(self.whole(table, alias), percent)

    def whole(self, table: Table, alias: str) -> Composable:
        return SQL("{} {}").format(Identifier(self.schema, table.name), Identifier(alias))

    def row_key(self, table: Table) -> Composable:
        if not table.primary_key:
            return SQL("c.ctid::text")
        return SQL(" || ',' || ").join(self.text(field(name)) for name in table.primary_key)

    def text(self, value: Composable) -> Composable:
        return SQL("{}::text").format(value)

    def size(self, value: Composable) -> Composable:
        return SQL("octet_length({}::text)").format(value)

    def time_shape(self, value: Composable) -> Composable:
        shape = SQL(r"regexp_replace(regexp_replace({v}::text, '\d', '9', 'g'), '[.,]9+', '.9')").format(
            v=value
        )
        return SQL("case when {v}::text ~ {time} then {shape} else 'other' end").format(
            v=value, time=_quoted(_TIME), shape=shape
        )

    def id_shape(self, value: Composable) -> Composable:
        return SQL(
            "case when {v}::text ~* '^[0-9a-f]{{8}}-([0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}$' then 'uuid'"
            " when {v}::text ~ '^[0-9]{{1,18}}$' then 'integer'"
            " when {v}::text ~ '^[0-9a-f]{{6,}}$' then 'hex' else 'text' end"
        ).format(v=value)

    def seconds(self, start: Composable, end: Composable) -> Composable:
        return SQL("(extract(epoch from {e}) - extract(epoch from {s}))").format(s=start, e=end)

    def contains(self, value: Composable, part: str) -> Composable:
        return SQL("strpos({}::text, {}) > 0").format(value, _quoted(part))

    def unstorable(self, value: Composable) -> Composable:
        return SQL("false and {} is null").format(value)  # whatever PostgreSQL has stored it can store

    def storage(self, value: Composable) -> Composable:
        return SQL("pg_typeof({})::text").format(value)

    def last_given(self, table: Table) -> dict[str, int]:
        return {
            row["name"]: row["last"] for row in self._ask(catalog.SEQUENCES) if row["table"] == table.name
        }

    def _percent(self, rows: int) -> float:
        percent = max(0.01, 100 * self.limits.sample_rows / max(rows, 1))
        return round(min(percent, 100), 2 - math.floor(math.log10(percent)) if percent < 1 else 1)

    def _ask(self, query: Any) -> list[dict[str, Any]]:
        try:
            with self.conn.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query, {"schema": self.schema}).fetchall()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
            raise SourceUnreadable(
                f"the catalog of {self.conn.info.dbname} did not answer: {error.diag.message_primary}",
                hint="somebody alters a table just now: run it again afterwards, or with more --timeout",
            ) from error

    def _schemas(self) -> list[str]:
        return [row["name"] for row in self._ask(catalog.SCHEMAS)] or ["none"]

    def _tables(self, found: list[dict[str, Any]]) -> Iterator[Table]:
        columns, keys, links = (
            _by_table(self._ask(query)) for query in (catalog.COLUMNS, catalog.KEYS, catalog.LINKS)
        )
        for row in found:
            yield Table(
                name=row["name"],
                kind=row["kind"],
                rows=int(row["rows"]),
                bytes=row["bytes"],
                is_rows_exact=False,
                columns=tuple(_column(each) for each in columns.get(row["name"], ())),
                keys=tuple(_key(each) for each in keys.get(row["name"], ())),
                links=tuple(_link(each, self.schema) for each in links.get(row["name"], ())),
            )


def _by_table(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop("table"), []).append(row)
    return found


def _column(row: dict[str, Any]) -> Column:
    labels = tuple(row["labels"] or ())
    return Column(
        name=row["name"],
        type=row["type"],
        family=Family.TEXT if labels else _FAMILIES.get(row["base"], Family.OTHER),
        nullable=row["nullable"],
        default=row["default"],
        is_generated=row["is_generated"],
        labels=labels,
    )


def _key(row: dict[str, Any]) -> Key:
    return Key(
        name=row["name"],
        columns=tuple(row["columns"]),
        is_primary=row["is_primary"],
        is_folded=row["is_folded"],
    )


def _link(row: dict[str, Any], schema: str) -> Link:
    return Link(
        columns=tuple(row["columns"]),
        parent=row["parent"],
        parent_columns=tuple(row["parent_columns"]),
        parent_schema="" if row["parent_schema"] == schema else row["parent_schema"],
        on_delete=row["on_delete"],
    )


def _quoted(text: str) -> SQL:
    """A literal of ours as it is: psycopg would write one with a backslash in a form that only PostgreSQL reads."""
    doubled = text.replace("'", "''")
    return SQL(f"'{doubled}'")  # type: ignore[arg-type,unused-ignore]
