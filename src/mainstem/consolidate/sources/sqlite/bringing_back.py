"""The way back: rows of landed tables written into the SQLite file they came from."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.sqlite.digest import Digest, Tally, landed_digest
from mainstem.consolidate.sources.sqlite.landed import (
    LandedTable,
    landed_table,
    listed,
    refuse_open_transaction,
)
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.consolidate.sources.sqlite.opening import name, writing
from mainstem.consolidate.sources.sqlite.staging import Passed, all_rows, passing, same_key, staged
from mainstem.consolidate.sources.sqlite.tables import ROWID, Table, in_sql, tables_of
from mainstem.errors import BringBackRefused, LandingDiffers, LandingOutgrown


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """Rows of one table that were written into the file, and the digest that both sides have now."""

    inserted: int
    updated: int
    deleted: int
    digest: Digest


def bring_back(
    conn: Connection[Any], schema: str, path: Path | str, tables: Sequence[str] | None = None
) -> dict[str, BroughtBack]:
    """Make the file's tables hold what the landed ones hold, in one transaction of the file; only what differs is written.

    Of a row that differs only the differing columns are written, so a value that PostgreSQL could not hold stays as it was.
    No trigger of the file acts meanwhile, neither the application's nor a write stop, which stands again afterwards.

    conn: outside a transaction. Raises BringBackRefused, LandingDiffers, SourceBusy; then the file is as it was.
    """
    refuse_open_transaction(conn)
    brought: dict[str, BroughtBack] = {}
    with writing(path) as file, conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        lock_landing(conn, schema)
        for table in tables_of(file, tables):
            landed = _landed(conn, schema, table)
            with _no_triggers(file, table):
                brought[table.name] = _bring(conn, file, table, landed)
    return brought


def _landed(conn: Connection[Any], schema: str, table: Table) -> LandedTable:
    landed = landed_table(conn, schema, table.name)
    if landed is None:
        raise LandingOutgrown(f"there is no table {schema}.{table.name} to bring back from")
    strange = {column.name for column in table.columns} ^ set(landed.names) - {ROWID}
    if strange or not landed.key:
        raise LandingOutgrown(
            f"{schema}.{table.name} and the file's table differ in {min(strange, default='the primary key')}",
            hint="bring back into the file as it was landed",
        )
    return landed


@contextmanager
def _no_triggers(file: sqlite3.Connection, table: Table) -> Iterator[None]:
    """Dropped and made again as they were, within the transaction."""
    found = file.execute(
        "select name, sql from sqlite_master where type = 'trigger' and tbl_name = ? order by rowid",
        [table.name],
    ).fetchall()
    for said, _ in found:
        file.execute(f"drop trigger {name(said.decode())}")
    yield
    for _, definition in found:
        file.execute(definition.decode())


def _bring(conn: Connection[Any], file: sqlite3.Connection, table: Table, landed: LandedTable) -> BroughtBack:
    cells = passing(all_rows(file, table, landed), landed, Passed(Tally(landed)))
    stage = staged(conn, landed, landed.names, cells)
    write = _Write(file, table, landed)
    deleted = sum(write.delete(key) for key in _stream(conn, _deleted(landed, stage)))
    inserted = updated = 0
    for is_new, *values in _stream(conn, _differing(landed, stage)):
        wanted, there = values[: len(landed.columns)], values[len(landed.columns) :]
        if is_new:
            write.insert(wanted)
            inserted += 1
        else:
            write.update(wanted, there)
            updated += 1
    return BroughtBack(inserted, updated, deleted, _proved(conn, file, table, landed))


def _stream(conn: Connection[Any], query: Composed) -> Iterator[tuple[Any, ...]]:
    with conn.cursor("_mainstem_rows", row_factory=tuple_row) as cursor:
        cursor.itersize = 500
        yield from cursor.execute(query)


def _deleted(landed: LandedTable, stage: Identifier) -> Composed:
    return SQL("select {} from {} as s where not exists (select from {} as t where {})").format(
        listed(landed.key, "s"), stage, landed.identifier, same_key(landed, "s", "t")
    )


def _differing(landed: LandedTable, stage: Identifier) -> Composed:
    """Rows of which one is updated first, so that a unique value can move from it to a new row."""
    is_new = SQL("{} is null").format(Identifier("s", landed.key[0]))
    return SQL(
        "select {n}, {t}, {s} from {target} as t left join {stage} as s on {same}"
        " where {n} or ({t}) is distinct from ({s}) order by {n}, {key}"
    ).format(
        n=is_new,
        t=listed(landed.names, "t"),
        s=listed(landed.names, "s"),
        target=landed.identifier,
        stage=stage,
        same=same_key(landed, "s", "t"),
        key=listed(landed.key, "t"),
    )


class _Write:
    """Rows into the old table. A constraint that refuses one is named with the row."""

    def __init__(self, file: sqlite3.Connection, table: Table, landed: LandedTable) -> None:
        self._file, self._table, self._landed = file, table, landed
        generated = {column.name for column in table.columns if column.is_generated}
        self._written = [column for column in landed.names if column not in generated]
        self._key = " and ".join(f"{in_sql(table, column)} = ?" for column in landed.key)

    def delete(self, key: Sequence[Any]) -> int:
        return self._execute(f"delete from {name(self._table.name)} where {self._key}", self._bound(key), key)

    def insert(self, wanted: Sequence[Any]) -> None:
        values = dict(zip(self._landed.names, wanted, strict=True))
        columns = ", ".join(in_sql(self._table, column) for column in self._written)
        said = (
            f"insert into {name(self._table.name)} ({columns}) values ({', '.join('?' * len(self._written))})"
        )
        self._execute(said, self._bound(values[column] for column in self._written), self._key_of(values))

    def update(self, wanted: Sequence[Any], there: Sequence[Any]) -> None:
        values, old = (dict(zip(self._landed.names, side, strict=True)) for side in (wanted, there))
        changed = [column for column in self._written if values[column] != old[column]]
        if not changed:  # a generated column follows by itself
            return
        said = ", ".join(f"{in_sql(self._table, column)} = ?" for column in changed)
        key = self._key_of(values)
        self._execute(
            f"update {name(self._table.name)} set {said} where {self._key}",
            self._bound([*(values[column] for column in changed), *key]),
            key,
        )

    def _key_of(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[column] for column in self._landed.key]

    def _bound(self, values: Any) -> list[Any]:
        return [_bindable(value) for value in values]

    def _execute(self, statement: str, parameters: list[Any], key: Sequence[Any]) -> int:
        try:
            return self._file.execute(statement, parameters).rowcount
        except sqlite3.IntegrityError as error:
            self._refuse(error, key)

    def _refuse(self, error: sqlite3.IntegrityError, key: Sequence[Any]) -> NoReturn:
        row = ", ".join(f"{column} {value}" for column, value in zip(self._landed.key, key, strict=True))
        raise BringBackRefused(
            f"{self._table.name}, {row}: {error}",
            hint=f"change the row in {self._landed.schema}.{self._table.name} so that the old table takes it",
        ) from error


def _bindable(value: Any) -> Any:
    """A whole number as an integer: a column of INTEGER or NUMERIC affinity has it so, one of REAL makes it a double."""
    if not isinstance(value, Decimal):
        return value
    if not value.is_finite():
        return math.copysign(math.inf, value)
    whole = value == value.to_integral_value() and abs(value) < 1 << 63
    return int(value) if whole else float(value)


def _proved(conn: Connection[Any], file: sqlite3.Connection, table: Table, landed: LandedTable) -> Digest:
    passed = Passed(Tally(landed))
    for _ in passing(all_rows(file, table, landed), landed, passed):
        pass
    there, here = landed_digest(conn, landed), passed.tally.digest
    if there != here:
        raise LandingDiffers(
            f"{table.name} would not hold what {landed.schema}.{table.name} holds: {here.rows} rows beside {there.rows},"
            " or a value that the column's type changes",
            hint="the file is as it was; look for texts of digits in columns declared INTEGER, REAL or NUMERIC",
        )
    return there
