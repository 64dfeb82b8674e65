"""The way back: rows of landed tables written into the tables of the source that they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, errors
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.remote.digest import Digest, digest, row_hash
from mainstem.consolidate.sources.remote.following import refuse_outgrown
from mainstem.consolidate.sources.remote.making import counters_of, follower_of, move_on
from mainstem.consolidate.sources.remote.opening import LONG, opened, pin_texts, with_patience
from mainstem.consolidate.sources.remote.staging import (
    KEYS,
    STAGE,
    make_stage,
    put_in,
    ready,
    same_key,
    stream,
)
from mainstem.consolidate.sources.remote.tables import Table, in_landing, tables_of
from mainstem.consolidate.sources.remote.watching import NOTED, PATIENCE, PLACE
from mainstem.consolidate.sources.remote.write_stop import is_stopped
from mainstem.consolidate.sources.sqlite.landed import listed, refuse_open_transaction, rows
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.errors import BringBackRefused, LandingDiffers

THEIRS = Identifier("pg_temp", "_mainstem_theirs")


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """Rows of one table that were written into the source, and the digest that both sides have now."""

    inserted: int
    updated: int
    deleted: int
    digest: Digest


def bring_back(
    url: str,
    conn: Connection[Any],
    landing: str,
    tables: Sequence[str],
    *,
    schema: str = "public",
    patience: float = PATIENCE,
) -> dict[str, BroughtBack]:
    """Make the source's tables hold what the landed ones hold, in one transaction of the source; only what differs is written.

    No trigger of the source acts meanwhile, and no foreign key: what comes is whole. The write stop stands until
    `allow_writes`. Sequences go on above ours.

    conn: outside a transaction. Raises BringBackRefused, LandingDiffers, SourceBusy; then the source is as it was.
    """
    refuse_open_transaction(conn)
    pin_texts(conn)
    with opened(url, LONG) as source:
        there = tables_of(source, schema, tables, landing)
        refuse_outgrown(conn, there, landing)
        return with_patience(
            lambda: _bring_all(source, conn, there, landing), seconds=patience, what="bringing rows back"
        )


def _bring_all(
    source: Connection[Any], conn: Connection[Any], there: Sequence[Table], landing: str
) -> dict[str, BroughtBack]:
    with conn.transaction(), source.transaction():
        conn.execute("set transaction isolation level repeatable read")
        conn.execute("set local idle_in_transaction_session_timeout = 0")
        lock_landing(conn, landing)
        source.execute("set local session_replication_role = replica")
        source.execute(f"set local {PLACE}.brings_back = 'on'")
        follower = follower_of(conn, landing)
        for table in there:
            source.execute(SQL("lock table {} in share row exclusive mode").format(table.identifier))
            _refuse_written(source, follower, table)
        brought = {table.name: _bring(source, conn, table, landing) for table in there}
        for table in tables_of(conn, landing, [table.name for table in there], landing):
            move_on(source, there[0].schema, counters_of(conn, table))
        said = SQL("delete from {} where follower = %s and old_schema = %s and old_table = any(%s)")
        source.execute(said.format(NOTED), [follower, there[0].schema, list(brought)])
    return brought


def _refuse_written(source: Connection[Any], follower: str, table: Table) -> None:
    """Rows that were written in the source since the switch would be written over."""
    said = SQL(
        "select n.key::text from {} as n where n.follower = %s and n.old_schema = %s and n.old_table = %s limit 1"
    )
    found = rows(source, said.format(NOTED), [follower, table.schema, table.name])
    if found or not is_stopped(source, table):
        what = f"the row {found[0][0]} was written in the source" if found else "writes are not stopped there"
        raise BringBackRefused(
            f"{table.schema}.{table.name}: {what} after the cut-over, and would be written over",
            hint="stop writes in the source, bring such rows into the old names of the ledger's database, and empty mainstem_following.noted",
        )


def _bring(source: Connection[Any], conn: Connection[Any], table: Table, landing: str) -> BroughtBack:
    here = in_landing(table, landing)
    _stage_hashes(source, conn, table, here)
    hashed = SQL("{} and s.hash = {}").format(same_key(here, "s", "t"), row_hash(here, "t"))
    wanted = SQL("select {} from {} as t where not exists (select from {} as s where {})").format(
        listed(here.stored, "t"), here.identifier, THEIRS, hashed
    )
    gone = SQL("select {} from {} as s where not exists (select from {} as t where {})").format(
        listed(here.key, "s"), THEIRS, here.identifier, same_key(here, "s", "t")
    )
    for stage, columns, said in ((KEYS, table.key, gone), (STAGE, table.stored, wanted)):
        make_stage(source, table, stage, columns)
        stream(conn, said, source, stage, columns)
        ready(source, table, stage)
    brought = _write(source, table)
    return BroughtBack(*brought, _proved(source, conn, table, here))


def _stage_hashes(source: Connection[Any], conn: Connection[Any], table: Table, here: Table) -> None:
    """A hash of each row there: rows themselves cross only when they differ."""
    make_stage(conn, here, THEIRS, here.key)
    conn.execute(SQL("alter table {} add column hash text").format(THEIRS))
    said = SQL("select {}, {} from {} as t").format(
        listed(table.key, "t"), row_hash(table, "t"), table.identifier
    )
    stream(source, said, conn, THEIRS, (*here.key, "hash"))
    ready(conn, here, THEIRS)


def _write(source: Connection[Any], table: Table) -> tuple[int, int, int]:
    try:
        deleted = source.execute(_take_out(table, KEYS)).rowcount
        updated = source.execute(_take_out(table, STAGE)).rowcount
        inserted = put_in(source, table)
    except errors.IntegrityError as error:
        raise BringBackRefused(
            f"{table.schema}.{table.name}: {error.diag.message_primary}; {error.diag.message_detail or ''}",
            hint="change the row in the old names of the ledger's database so that the old table takes it",
        ) from error
    return inserted - updated, updated, deleted


def _take_out(table: Table, stage: Identifier) -> Composed:
    return SQL("delete from {} as t using {} as s where {}").format(
        table.identifier, stage, same_key(table, "s", "t")
    )


def _proved(source: Connection[Any], conn: Connection[Any], table: Table, here: Table) -> Digest:
    wanted, found = digest(conn, here), digest(source, table)
    if wanted != found:
        raise LandingDiffers(
            f"{table.schema}.{table.name} would not hold what {here.schema}.{here.name} holds: {found.rows} rows beside {wanted.rows}, or other values",
            hint="the source is as it was; look for rules on the table, and for generated columns that compute otherwise there",
        )
    return found
