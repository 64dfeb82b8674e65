"""Landing: tables of a SQLite file copied as they are into a schema of the target database.

Each table lands in a transaction of its own, all of it or nothing, and only when the digest that PostgreSQL computes over
what arrived is the one that was computed over what was read. Landing again writes only what differs, so that views and
triggers on the landed tables stand and tell of true changes; a table whose snapshot is the one it was landed from is left.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from psycopg import Connection, errors
from psycopg.sql import SQL, Identifier

from mainstem.consolidate.sources.sqlite.constraints import constrain, high_water, move_on
from mainstem.consolidate.sources.sqlite.digest import Digest, Tally, landed_digest
from mainstem.consolidate.sources.sqlite.findings import Finding, findings
from mainstem.consolidate.sources.sqlite.forms import forms
from mainstem.consolidate.sources.sqlite.holdings import Holding, LandedType, holdings, types_of
from mainstem.consolidate.sources.sqlite.landed import (
    LandedTable,
    landed_table,
    refuse_open_transaction,
    rows,
)
from mainstem.consolidate.sources.sqlite.opening import named_errors, reading
from mainstem.consolidate.sources.sqlite.snapshots import Snapshot
from mainstem.consolidate.sources.sqlite.staging import Passed, all_rows, copy_into, merge, passing, staged
from mainstem.consolidate.sources.sqlite.tables import ROWID, Table, key_of, tables_of
from mainstem.errors import LandingDiffers, LandingOutgrown, SourceBusy

RECORD = "_mainstem_landed"
ORIGINALS = "_mainstem_original"


@dataclass(frozen=True, slots=True)
class Landed:
    """What lies in the landing schema, by table."""

    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    types: dict[str, dict[str, LandedType]] = field(default_factory=dict)
    forms: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """Table → column → form → rows: what questions about zones and lenses are made of."""
    findings: list[Finding] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Tables that had been landed from this very snapshot."""


def land(
    snapshot: Snapshot,
    conn: Connection[Any],
    schema: str,
    tables: Sequence[str] | None = None,
    *,
    told: Mapping[str, Mapping[str, LandedType]] | None = None,
    tell: Callable[[str, int], None] = lambda _table, _rows: None,
) -> Landed:
    """Land these tables, or all. Killed anywhere, it can be run again.

    conn: outside a transaction. Take the snapshot after `install_triggers`, and land it before the first `catch_up`.
    told: table → column → the type to land it as, where what it holds is not to decide. tell: gets each table with its rows.
    Raises SourceUnlandable, LandingOutgrown, LandingDiffers.
    """
    refuse_open_transaction(conn)
    _prepare(conn, schema)
    landed = Landed()
    with reading(snapshot.path) as source, named_errors(snapshot.origin):
        for table in tables_of(source, tables):
            landed.forms[table.name] = {column: dict(found) for column, found in forms(source, table).items()}
            held = holdings(source, table)  # before the transaction, which must not stand idle
            with conn.transaction():
                lock_landing(conn, schema)
                at = _Pass(snapshot, source, conn, schema)
                _land(at, table, held, (told or {}).get(table.name, {}), landed)
            tell(table.name, landed.counts[table.name])
    return landed


def lock_landing(conn: Connection[Any], schema: str) -> None:
    """Until the transaction ends nobody else lands there: an older look at the file would be written last."""
    try:
        conn.execute("select pg_advisory_xact_lock(hashtext('mainstem.landing'), hashtext(%s))", [schema])
    except errors.LockNotAvailable as error:
        raise SourceBusy(
            f"somebody else lands into {schema}", hint="run it again when they are done"
        ) from error


def _prepare(conn: Connection[Any], schema: str) -> None:
    with conn.transaction():
        lock_landing(conn, schema)
        conn.execute(SQL("create schema if not exists {}").format(Identifier(schema)))
        conn.execute(
            SQL(
                "create table if not exists {} (table_name text primary key, fingerprint text not null,"
                " digest numeric[] not null, findings jsonb not null, landed_at timestamptz not null default now())"
            ).format(Identifier(schema, RECORD))
        )
        conn.execute(
            SQL(
                "create table if not exists {} (table_name text, key text[], column_name text, kind text not null,"
                " value bytea not null, primary key (table_name, key, column_name))"
            ).format(Identifier(schema, ORIGINALS))
        )


@dataclass(frozen=True, slots=True)
class _Pass:
    snapshot: Snapshot
    source: sqlite3.Connection
    conn: Connection[Any]
    schema: str


def _land(
    at: _Pass, table: Table, held: list[Holding], told: Mapping[str, LandedType], landed: Landed
) -> None:
    before = landed_table(at.conn, at.schema, table.name)
    wanted = _wanted(at, table, types_of(table, held, told=told, before=before.types if before else {}))
    kept = _kept(at, wanted) if before == wanted else None
    digest, found = kept or _written(at, table, wanted, held, before)
    landed.counts[table.name] = digest.rows
    landed.digests[table.name] = digest
    landed.types[table.name] = wanted.types
    landed.findings.extend(found)
    if kept:
        landed.kept.append(table.name)


def _wanted(at: _Pass, table: Table, types: Mapping[str, LandedType]) -> LandedTable:
    key = key_of(at.source, table)
    numbered: tuple[tuple[str, LandedType], ...] = ((ROWID, "bigint"),) if key == (ROWID,) else ()
    return LandedTable(at.schema, table.name, numbered + tuple(types.items()), key)


def _kept(at: _Pass, wanted: LandedTable) -> tuple[Digest, list[Finding]] | None:
    said = SQL("select digest, findings from {} where table_name = %s and fingerprint = %s")
    found = rows(at.conn, said.format(Identifier(at.schema, RECORD)), [wanted.name, at.snapshot.fingerprint])
    if not found:
        return None
    [(sums, findings_)] = found
    digest = Digest(*map(int, sums))
    if landed_digest(at.conn, wanted) != digest:  # caught up since then
        return None
    return digest, [Finding(**finding) for finding in findings_]


def _written(
    at: _Pass, table: Table, wanted: LandedTable, held: list[Holding], before: LandedTable | None
) -> tuple[Digest, list[Finding]]:
    passed = Passed(Tally(wanted))
    told = _told_before(at, wanted) if before == wanted else []
    cells = passing(all_rows(at.source, table, wanted), wanted, passed)
    if before == wanted:
        merge(at.conn, wanted, staged(at.conn, wanted, wanted.names, cells))
    else:
        _make(at.conn, wanted, before)
        copy_into(at.conn, wanted.identifier, wanted.names, cells)
        told = constrain(at.conn, table, wanted, held)
    arrived, read = landed_digest(at.conn, wanted), passed.tally.digest
    if arrived != read:
        raise LandingDiffers(
            f"{at.schema}.{wanted.name} has {arrived.rows} rows after landing {read.rows}, or other values: {arrived} is not {read}",
            hint="nothing of the table was kept; look for triggers on the landed table that change rows",
        )
    move_on(at.conn, wanted, high_water(at.source, table))
    found = [*findings(table, wanted, held, passed), *told]
    _record(at, wanted, read, found, passed)
    return read, found


def _told_before(at: _Pass, wanted: LandedTable) -> list[Finding]:
    """What could not be carried when the table was made."""
    said = SQL("select findings from {} where table_name = %s").format(Identifier(at.schema, RECORD))
    return [
        Finding(**finding)
        for (found,) in rows(at.conn, said, [wanted.name])
        for finding in found
        if finding["kind"].endswith("left out")
    ]


def _make(conn: Connection[Any], wanted: LandedTable, before: LandedTable | None) -> None:
    if before is not None:
        _drop(conn, wanted, before)
    conn.execute(wanted.definition)


def _drop(conn: Connection[Any], wanted: LandedTable, before: LandedTable) -> None:
    watched = "select tgname from pg_trigger where tgrelid = %s::regclass and not tgisinternal order by 1"
    changed = [f"{said} {type_}" for said, type_ in set(wanted.columns) ^ set(before.columns)]
    said = min(changed, default=f"the key {', '.join(wanted.key)}")
    refusal = LandingOutgrown(
        f"{wanted.schema}.{wanted.name} would land with other columns than before ({said}),"
        " and views or triggers stand on it",
        hint="take back what was built on it (`mainstem consolidate rollback`), land again, and go on from there",
    )
    if rows(conn, watched, [wanted.identifier.as_string(conn)]):
        raise refusal
    try:
        conn.execute(SQL("drop table {}").format(wanted.identifier))
    except errors.DependentObjectsStillExist as error:
        raise refusal from error


def _record(at: _Pass, wanted: LandedTable, digest: Digest, found: list[Finding], passed: Passed) -> None:
    said = SQL(
        "insert into {} (table_name, fingerprint, digest, findings) values (%s, %s, %s, %s) on conflict (table_name)"
        " do update set fingerprint = excluded.fingerprint, digest = excluded.digest, findings = excluded.findings,"
        " landed_at = now()"
    ).format(Identifier(at.schema, RECORD))
    sums = [digest.rows, digest.first, digest.second]
    told = json.dumps([asdict(finding) for finding in found])
    at.conn.execute(said, [wanted.name, at.snapshot.fingerprint, sums, told])
    keep_originals(at.conn, wanted, passed, None)


def keep_originals(
    conn: Connection[Any], table: LandedTable, passed: Passed, keys: Sequence[Sequence[str | None]] | None
) -> None:
    """Keep beside what the landed text of a cell does not say, of all rows or of these keys."""
    place = Identifier(table.schema, ORIGINALS)
    gone = SQL("delete from {} where table_name = %s").format(place)
    if keys is None:
        conn.execute(gone, [table.name])
    else:
        with conn.cursor() as cursor:
            cursor.executemany(gone + SQL(" and key = %s"), [(table.name, list(key)) for key in keys])
    with conn.cursor() as cursor:
        cursor.executemany(
            SQL(
                "insert into {} (table_name, key, column_name, kind, value) values (%s, %s, %s, %s, %s)"
            ).format(place),
            [(table.name, list(each.key), each.column, each.kind, each.value) for each in passed.originals],
        )
