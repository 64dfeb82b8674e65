"""Rows of a SQLite table on their way: read, encoded, counted into a digest, copied into PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.sqlite.cells import Misfit, encoded, is_exact
from mainstem.consolidate.sources.sqlite.digest import Tally
from mainstem.consolidate.sources.sqlite.holdings import LandedType
from mainstem.consolidate.sources.sqlite.landed import LandedTable, listed
from mainstem.consolidate.sources.sqlite.opening import Text, Value, name
from mainstem.consolidate.sources.sqlite.tables import Table, in_sql
from mainstem.errors import LandingOutgrown, SourceUnlandable

Cells = list[str | None]

BEYOND_INT8 = float(1 << 63)


@dataclass(frozen=True, slots=True)
class Original:
    """A cell whose landed text is not all there was."""

    key: tuple[str | None, ...]
    column: str
    value: bytes
    kind: str
    """`blob in text`, `NUL in text` or `no UTF-8`."""


@dataclass(slots=True)
class Passed:
    """What went by."""

    tally: Tally
    originals: list[Original] = field(default_factory=list)
    infinite: Counter[str] = field(default_factory=Counter)
    """Column → cells that are beyond a double's range."""
    rounded: Counter[str] = field(default_factory=Counter)
    """Column → whole numbers beyond int8, which SQLite keeps as a double's nearest."""


def selection(table: Table, landed: LandedTable) -> str:
    """The landed columns as SQLite says them."""
    return ", ".join(in_sql(table, column) for column in landed.names)


def all_rows(conn: sqlite3.Connection, table: Table, landed: LandedTable) -> sqlite3.Cursor:
    """All its rows."""
    return conn.execute(f"select {selection(table, landed)} from {name(table.name)}")


def passing(values: Iterable[Sequence[Value]], landed: LandedTable, passed: Passed) -> Iterator[Cells]:
    """Each row in COPY texts. Raises LandingOutgrown for a value that its column does not take."""
    types = [type_ for _, type_ in landed.columns]
    for row in values:
        try:
            cells = list(map(encoded, row, types))
        except Misfit:
            _refuse(row, landed)
        _watch(row, cells, landed, passed)
        passed.tally.add(cells)
        yield cells


def _watch(row: Sequence[Value], cells: Cells, landed: LandedTable, passed: Passed) -> None:
    for (column, type_), value, cell in zip(landed.columns, row, cells, strict=True):
        if isinstance(value, bytes) and not is_exact(value, type_):
            key = key_of_cells(landed, cells)
            if column in landed.key:
                raise SourceUnlandable(
                    f"{landed.name}: the key {key} is {_kind(value)}, which PostgreSQL cannot have"
                )
            passed.originals.append(Original(key, column, bytes(value), _kind(value)))
        elif cell in {"inf", "-inf", "Infinity", "-Infinity"} and isinstance(value, float):
            passed.infinite[column] += 1
        elif type_ == "numeric" and isinstance(value, float) and abs(value) >= BEYOND_INT8:
            passed.rounded[column] += 1


def _kind(value: bytes) -> str:
    if not isinstance(value, Text):
        return "blob in text"
    return "NUL in text" if 0 in value else "no UTF-8"


def key_of_cells(landed: LandedTable, cells: Sequence[str | None]) -> tuple[str | None, ...]:
    """The key's part of a row."""
    position = {column: place for place, column in enumerate(landed.names)}
    return tuple(cells[position[column]] for column in landed.key)


def _refuse(row: Sequence[Value], landed: LandedTable) -> NoReturn:
    place = next(place for place, (_, type_) in enumerate(landed.columns) if not fits(row[place], type_))
    column, type_ = landed.columns[place]
    key = ", ".join(f"{part} {shown(row[landed.names.index(part)])}" for part in landed.key)
    raise LandingOutgrown(
        f"{landed.name}.{column} is landed as {type_}, and the row with {key} holds {shown(row[place])}",
        hint=f"land the table again, or tell that {column} is text",
    ) from None


def fits(value: Value, type_: LandedType) -> bool:
    """Whether the landed type takes the value."""
    try:
        encoded(value, type_)
    except Misfit:
        return False
    return True


def shown(value: Value) -> str:
    """A value as a message shows it."""
    said = repr(value.decode("utf-8", "backslashreplace")) if isinstance(value, Text) else repr(value)
    return said if len(said) <= 60 else f"{said[:57]}…"


def copy_into(
    conn: Connection[Any], target: Identifier, columns: Sequence[str], cells: Iterable[Cells]
) -> None:
    """COPY them in."""
    said = SQL("copy {} ({}) from stdin").format(target, listed(columns))
    with conn.cursor() as cursor, cursor.copy(said) as copy:
        for row in cells:
            copy.write_row(row)


def staged(
    conn: Connection[Any], landed: LandedTable, columns: Sequence[str], cells: Iterable[Cells]
) -> Identifier:
    """A temporary table with them, gone at the end of the transaction."""
    said = "_mainstem_keys" if columns == landed.key else "_mainstem_stage"
    stage = Identifier("pg_temp", said)
    made = SQL("create temporary table {} on commit drop as select {} from {} with no data")
    conn.execute(SQL("drop table if exists {}").format(stage))
    conn.execute(made.format(Identifier(said), listed(columns), landed.identifier))
    copy_into(conn, stage, columns, cells)
    conn.execute(SQL("create index on {} ({})").format(stage, listed(landed.key)))
    conn.execute(SQL("analyze {}").format(stage))
    return stage


def same_key(landed: LandedTable, one: str, other: str) -> Composed:
    """Both rows have one key."""
    return SQL("({}) = ({})").format(listed(landed.key, one), listed(landed.key, other))


def merge(
    conn: Connection[Any], landed: LandedTable, stage: Identifier, keys: Identifier | None = None
) -> int:
    """Make the landed rows those of the stage, of all keys or the ones given; how many rows were written or deleted.

    Rows that are equal are not touched, so triggers on the landed table tell of true changes only.
    """
    gone = SQL("delete from {t} as t where {scope}not exists (select from {s} as s where {same})").format(
        t=landed.identifier,
        s=stage,
        same=same_key(landed, "s", "t"),
        scope=_within(landed, keys),
    )
    deleted = conn.execute(gone).rowcount
    return deleted + conn.execute(_upsert(landed, stage)).rowcount


def _within(landed: LandedTable, keys: Identifier | None) -> Composed:
    if keys is None:
        return Composed([])
    return SQL("exists (select from {} as k where {}) and ").format(keys, same_key(landed, "k", "t"))


def _upsert(landed: LandedTable, stage: Identifier) -> Composed:
    rest = [column for column in landed.names if column not in landed.key]
    action = (
        SQL("update set {} where ({}) is distinct from ({})").format(
            SQL(", ").join([SQL("{0} = excluded.{0}").format(Identifier(column)) for column in rest]),
            listed(rest, "t"),
            listed(rest, "excluded"),
        )
        if rest
        else SQL("nothing")
    )
    return SQL("insert into {} as t ({}) select {} from {} on conflict ({}) do {}").format(
        landed.identifier, listed(landed.names), listed(landed.names), stage, listed(landed.key), action
    )
