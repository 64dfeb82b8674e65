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

from mainstem.consolidate.sources.sqlite.comparing import differing, only_staged, stream
from mainstem.consolidate.sources.sqlite.digest import Digest, Tally, landed_digest
from mainstem.consolidate.sources.sqlite.landed import (
    LandedTable,
    landed_table,
    refuse_open_transaction,
)
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.consolidate.sources.sqlite.opening import PATIENCE, name, writing
from mainstem.consolidate.sources.sqlite.staging import Passed, all_rows, passing, staged
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
    conn: Connection[Any],
    schema: str,
    path: Path | str,
    tables: Sequence[str] | None = None,
    *,
    patience: float = PATIENCE,
) -> dict[str, BroughtBack]:
    """Make the file's tables hold what the landed ones hold, in one transaction of the file; only what differs is written.

    Of a row that differs only the differing columns are written, so a value that PostgreSQL could not hold stays as it was.
    No trigger of the file acts meanwhile, neither the application's nor a write stop, which stands again afterwards.

    conn: outside a transaction. Raises BringBackRefused, LandingDiffers, SourceBusy; then the file is as it was.
    """
    refuse_open_transaction(conn)
    with writing(path, patience=patience) as file:
        tables_ = tables_of(file, tables)
        with conn.transaction():
            conn.execute("set transaction isolation level repeatable read")
            lock_landing(conn, schema)
            landed = {table.name: _landed(conn, schema, table) for table in tables_}
            brought = {table.name: _bring(conn, file, table, landed[table.name]) for table in tables_}
        for table in tables_:
            _prove(file, table, landed[table.name], brought[table.name].digest)
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
    with _no_triggers(file, table):
        deleted = sum(write.delete(key) for key in stream(conn, only_staged(landed, stage)))
        inserted = updated = 0
        for is_new, *values in stream(conn, differing(landed, stage)):
            if is_new:
                write.insert(values[: len(landed.columns)])
                inserted += 1
            else:
                write.update(values[: len(landed.columns)], values[len(landed.columns) :])
                updated += 1
    return BroughtBack(inserted, updated, deleted, landed_digest(conn, landed))


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


def _prove(file: sqlite3.Connection, table: Table, landed: LandedTable, there: Digest) -> None:
    passed = Passed(Tally(landed))
    for _ in passing(all_rows(file, table, landed), landed, passed):
        pass
    here = passed.tally.digest
    if there != here:
        raise LandingDiffers(
            f"{table.name} would not hold what {landed.schema}.{table.name} holds: {here.rows} rows beside"
            f" {there.rows}, or a value that the column's type changes",
            hint="the file is as it was; look for texts of digits in columns declared INTEGER, REAL or NUMERIC",
        )
