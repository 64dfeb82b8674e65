"""Catch-up: triggers in the file note the keys of changed rows, and those rows are landed again.

Only keys are noted, never values: whatever happened to a row meanwhile, it is read as it is. A note is removed when what
it led to is committed; killed in between, the row is landed once more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from mainstem.consolidate.sources.sqlite.cells import encoded, is_exact
from mainstem.consolidate.sources.sqlite.constraints import high_water, move_on
from mainstem.consolidate.sources.sqlite.digest import Tally
from mainstem.consolidate.sources.sqlite.holdings import LandedType
from mainstem.consolidate.sources.sqlite.landed import (
    LandedTable,
    landed_table,
    refuse_open_transaction,
    rows,
)
from mainstem.consolidate.sources.sqlite.landing import RECORD, keep_originals, lock_landing
from mainstem.consolidate.sources.sqlite.opening import PATIENCE, Value, literal, name, reading, writing
from mainstem.consolidate.sources.sqlite.staging import (
    Cells,
    Passed,
    fits,
    merge,
    passing,
    selection,
    shown,
    staged,
)
from mainstem.consolidate.sources.sqlite.tables import DIRTY, ROWID, Table, in_sql, key_of, tables_of
from mainstem.errors import LandingOutgrown, SourceUnwatched

BATCH = 1000
"""Notes handled in one transaction; their rows are in memory meanwhile."""

EVERYTHING = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """One batch: notes handled, landed rows that were written or deleted for them, notes left in the file."""

    handled: int
    written: int
    left: int
    reached: int = 0
    """The number of the last note handled; they are numbered as they are written."""


def install_triggers(
    path: Path | str, tables: Sequence[str] | None = None, *, patience: float = PATIENCE
) -> list[str]:
    """Note from now on which rows of these tables, or of all, are inserted, updated or deleted; the tables watched.

    Raises SourceBusy when a writer holds the lock for longer than `patience` in seconds.
    """
    with writing(path, patience=patience) as conn:
        found = [(table, key_of(conn, table)) for table in tables_of(conn, tables)]
        _make_notes(conn, max((len(key) for _, key in found), default=1))
        for table, key in found:
            for said, definition in triggers(table, key).items():
                conn.execute(f"drop trigger if exists {name(said)}")
                conn.execute(definition)
    return [table.name for table, _ in found]


def remove_triggers(path: Path | str) -> None:
    """Take out the triggers and the notes; the file has its own schema again."""
    with writing(path) as conn:
        installed = "select name from sqlite_master where type = 'trigger' and name like ? escape '!'"
        for (said,) in conn.execute(installed, [f"{DIRTY.replace('_', '!_')}!_%"]).fetchall():
            conn.execute(f"drop trigger {name(said.decode())}")
        conn.execute(f"drop table if exists {DIRTY}")


def _make_notes(conn: sqlite3.Connection, width: int) -> None:
    """AUTOINCREMENT never gives a number twice, so that what is removed by number is what was read by it."""
    keys = ", ".join(_key_columns(width))
    conn.execute(
        f"create table if not exists {DIRTY} (change_id integer primary key autoincrement, old_table text not null,"
        f" {keys}, at text not null default (strftime('%Y-%m-%d %H:%M:%f', 'now')))"
    )
    there = {
        said.decode() for (said,) in conn.execute(f"select name from pragma_table_info({literal(DIRTY)})")
    }
    for column in _key_columns(width):
        if column not in there:
            conn.execute(f"alter table {DIRTY} add column {column}")


def _key_columns(width: int) -> list[str]:
    """Without a type, so that a key is noted as it is stored."""
    return ["old_key", *(f"old_key_{number}" for number in range(2, width + 1))]


def triggers(table: Table, key: tuple[str, ...]) -> dict[str, str]:
    """Name → definition. Rows that REPLACE pushes out fire no DELETE trigger: they are noted before they go."""
    into = f"insert into {DIRTY} (old_table, {', '.join(_key_columns(len(key)))})"
    said = literal(table.name)

    def noted(*sides: str) -> str:
        rows_ = " union ".join(
            f"select {said}, {', '.join(f'{side}.{in_sql(table, column)}' for column in key)}"
            for side in sides
        )
        return f"{into} {rows_};"

    made = {
        "insert": _trigger(table, "insert", "after insert", noted("new")),
        "update": _trigger(table, "update", "after update", noted("old", "new")),
        "delete": _trigger(table, "delete", "after delete", noted("old")),
    }
    if pushed := _pushed_out(table):
        wanted = ", ".join(in_sql(table, column) for column in key)
        old = ", ".join(f"old.{in_sql(table, column)}" for column in key)
        body = f"{into} select {said}, {wanted} from {name(table.name)} where ({pushed})"
        made["replace"] = _trigger(table, "replace", "before insert", f"{body};")
        others = f"{body} and ({wanted}) is not ({old});"
        made["replace_by_update"] = _trigger(table, "replace_by_update", "before update", others)
    return {f"{DIRTY}_{table.name}_{what}": definition for what, definition in made.items()}


def _pushed_out(table: Table) -> str:
    return " or ".join(
        "(" + " and ".join(f"{name(column)} = new.{name(column)}" for column in columns) + ")"
        for columns in table.unique
    )


def _trigger(table: Table, what: str, when: str, body: str) -> str:
    said = name(f"{DIRTY}_{table.name}_{what}")
    return f"create trigger {said} {when} on {name(table.name)} begin {body} end"


def catch_up(
    path: Path | str, conn: Connection[Any], schema: str, *, limit: int = BATCH, patience: float = PATIENCE
) -> CaughtUp:
    """Land again the rows that the oldest notes name. Killed anywhere, it can be run again; nothing left means caught up.

    conn: outside a transaction. Raises SourceUnwatched when triggers are gone, LandingOutgrown when a row no longer fits.
    """
    refuse_open_transaction(conn)
    try:
        batch, written = _land(path, conn, schema, limit)
    except errors.UniqueViolation:  # a value moved between two rows, of which this batch has one
        batch, written = _land_all(path, conn, schema)
    if not batch.notes:
        return CaughtUp(0, 0, 0)
    with writing(path, patience=patience) as file:
        file.execute(f"delete from {DIRTY} where change_id <= ?", [batch.last])
        [left] = file.execute(f"select count(*) from {DIRTY}").fetchone()
    return CaughtUp(batch.notes, written, left, batch.last)


def follow(
    path: Path | str, conn: Connection[Any], schema: str, *, limit: int = BATCH, patience: float = PATIENCE
) -> CaughtUp:
    """Catch up, batch after batch, with all that is noted now. Writers go on meanwhile; what they add is `left`."""
    with reading(path, patience=patience) as source:
        last = _last_note(source, path)
    handled = written = 0
    while True:
        caught = catch_up(path, conn, schema, limit=limit, patience=patience)
        handled, written = handled + caught.handled, written + caught.written
        if not caught.left or caught.reached >= last:
            return CaughtUp(handled, written, caught.left, caught.reached)


def _last_note(source: sqlite3.Connection, path: Path | str) -> int:
    if not source.execute("select 1 from sqlite_master where name = ?", [DIRTY]).fetchall():
        raise SourceUnwatched(
            f"{path} has no notes of what changed: its triggers were never installed, or were removed",
            hint="install the triggers, then land the file again",
        )
    [last] = source.execute(f"select coalesce(max(change_id), 0) from {DIRTY}").fetchone()
    return int(last)


def _land(path: Path | str, conn: Connection[Any], schema: str, limit: int) -> tuple[_Batch, int]:
    with conn.transaction():
        lock_landing(conn, schema)
        with one_moment(path) as source:
            batch = _read(source, _watched(source, conn, schema), limit)
        return batch, sum(_apply(conn, changed) for changed in batch.changed)


def _land_all(path: Path | str, conn: Connection[Any], schema: str) -> tuple[_Batch, int]:
    """What the file has unique at one moment is unique here when all of that moment is."""
    try:
        return _land(path, conn, schema, EVERYTHING)
    except errors.UniqueViolation as error:
        raise LandingOutgrown(
            f"{schema}: {error.diag.message_detail or error}",
            hint="two texts that SQLite tells apart are one in PostgreSQL; mend one of the rows in the file",
        ) from error


@contextmanager
def one_moment(path: Path | str) -> Iterator[sqlite3.Connection]:
    """One moment of the file, for as long as it takes to read a batch: outside WAL mode writers wait for it."""
    with reading(path) as source:
        source.execute("begin")
        yield source
        source.execute("commit")


@dataclass(frozen=True, slots=True)
class _Changed:
    table: LandedTable
    keys: list[Cells]
    rows: list[Cells]
    passed: Passed
    given: int
    """The last id that AUTOINCREMENT gave."""


@dataclass(frozen=True, slots=True)
class _Batch:
    notes: int
    last: int
    changed: list[_Changed]


def _watched(
    source: sqlite3.Connection, conn: Connection[Any], schema: str
) -> dict[str, tuple[Table, LandedTable]]:
    """Each landed table with its old one. Raises SourceUnwatched, LandingOutgrown."""
    recorded = rows(conn, SQL("select table_name from {} order by 1").format(Identifier(schema, RECORD)))
    there = {
        said.decode(): sql.decode("utf-8", "replace")
        for said, sql in source.execute("select name, sql from sqlite_master where type = 'trigger'")
    }
    found = {}
    for table in tables_of(source, [said for (said,) in recorded]):
        landed = landed_table(conn, schema, table.name)
        if landed is None:
            raise SourceUnwatched(f"{schema}.{table.name} is gone", hint="land it again")
        _refuse_unwatched(table, landed, there)
        found[table.name] = table, landed
    return found


def _refuse_unwatched(table: Table, landed: LandedTable, there: dict[str, str]) -> None:
    columns = [column.name for column in table.columns]
    if columns != [column for column in landed.names if column != ROWID]:
        changed = sorted(set(columns) ^ set(landed.names) - {ROWID})
        raise LandingOutgrown(
            f"{table.name} has other columns than when it was landed: {', '.join(changed) or 'their order'}",
            hint="install the triggers again, land again, and look at the mapping",
        )
    wanted = triggers(table, landed.key)
    if missing := sorted(said for said, sql in wanted.items() if there.get(said, "").lower() != sql.lower()):
        raise SourceUnwatched(
            f"the trigger {missing[0]} is missing or not as it was installed: changes of {table.name} may be unknown",
            hint="install the triggers again, then land the table again",
        )


def _read(source: sqlite3.Connection, watched: dict[str, tuple[Table, LandedTable]], limit: int) -> _Batch:
    notes = source.execute(
        f"select change_id, old_table from {DIRTY} order by change_id limit ?", [limit]
    ).fetchall()
    if not notes:
        return _Batch(0, 0, [])
    last = notes[-1][0]
    named = sorted({table.decode() for _, table in notes} & watched.keys())
    return _Batch(len(notes), last, [_changed(source, *watched[table], last) for table in named])


def _changed(source: sqlite3.Connection, table: Table, landed: LandedTable, last: int) -> _Changed:
    columns = ", ".join(_key_columns(len(landed.key)))
    noted = f"select distinct {columns} from {DIRTY} where old_table = ? and change_id <= ?"
    parameters = [table.name, last]
    keys = source.execute(noted, parameters).fetchall()
    wanted = ", ".join(in_sql(table, column) for column in landed.key)
    found = source.execute(
        f"select {selection(table, landed)} from {name(table.name)} where ({wanted}) in ({noted})", parameters
    )
    passed = Passed(Tally(landed))
    return _Changed(
        landed,
        _encoded_keys(landed, keys),
        list(passing(found, landed, passed)),
        passed,
        high_water(source, table),
    )


def noted_keys(source: sqlite3.Connection, landed: LandedTable) -> list[Cells]:
    """The keys of a table's rows that are noted and not yet landed again; none in a file without notes."""
    if not source.execute("select 1 from sqlite_master where name = ?", [DIRTY]).fetchall():
        return []
    columns = ", ".join(_key_columns(len(landed.key)))
    noted = source.execute(f"select distinct {columns} from {DIRTY} where old_table = ?", [landed.name])
    return _encoded_keys(landed, noted.fetchall())


def _encoded_keys(landed: LandedTable, keys: list[tuple[Value, ...]]) -> list[Cells]:
    types = [landed.types[column] for column in landed.key]
    return [[_key_cell(landed, *part) for part in zip(landed.key, key, types, strict=True)] for key in keys]


def _key_cell(landed: LandedTable, column: str, value: Value, type_: LandedType) -> str:
    if value is not None and fits(value, type_) and is_exact(value, type_):
        return str(encoded(value, type_))
    raise LandingOutgrown(
        f"{landed.name}.{column} is part of the key and landed as {type_}, and a row now has {shown(value)} there",
        hint="give the row a key that fits, or land the table again",
    )


def _apply(conn: Connection[Any], changed: _Changed) -> int:
    keys = staged(conn, changed.table, changed.table.key, changed.keys)
    stage = staged(conn, changed.table, changed.table.names, changed.rows)
    keep_originals(conn, changed.table, changed.passed, changed.keys)
    written = merge(conn, changed.table, stage, keys)
    move_on(conn, changed.table, changed.given)
    return written
