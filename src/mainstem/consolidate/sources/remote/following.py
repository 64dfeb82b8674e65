"""Following: the rows whose keys were noted in the source are landed again, as one moment of the source has them.

A pass takes everything that its snapshot sees, so that after each one the landed tables are the source at a moment: a row's
parents are there, and a unique value that moved between rows is where it went. Killed before the notes are removed, the pass
is made once more, and finds nothing that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from psycopg import Connection, errors
from psycopg.sql import SQL, Composed

from mainstem.consolidate.sources.remote.digest import digest
from mainstem.consolidate.sources.remote.landing import prove
from mainstem.consolidate.sources.remote.links import sleep
from mainstem.consolidate.sources.remote.making import (
    counters_of,
    follower_of,
    is_made,
    make_enums,
    move_on,
    record,
    recorded,
)
from mainstem.consolidate.sources.remote.opening import opened, pin_texts, snapshot
from mainstem.consolidate.sources.remote.staging import KEYS, STAGE, make_stage, merge, ready, stream
from mainstem.consolidate.sources.remote.tables import Table, in_landing, tables_of
from mainstem.consolidate.sources.remote.watching import NOTED, refuse_unwatched
from mainstem.consolidate.sources.sqlite.landed import listed, refuse_open_transaction, rows
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.errors import LandingOutgrown

Note = tuple[str, str]
"""Where a note is, and its id."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """One pass: notes handled, landed rows that were written or deleted for them, notes that came meanwhile."""

    handled: int
    written: int
    left: int


def follow(
    url: str,
    conn: Connection[Any],
    landing: str,
    *,
    schema: str = "public",
    proved: bool = False,
    committed: Callable[[], None] = lambda: None,
) -> CaughtUp:
    """Land again what is noted now. Killed anywhere, it can be run again; nothing left means caught up.

    conn: outside a transaction. proved: compare the digests of both sides in the pass's snapshot. committed: told when our
    side is, and the notes are still there. Raises SourceUnwatched, LandingOutgrown, LandingDiffers.
    """
    refuse_open_transaction(conn)
    pin_texts(conn)
    follower = follower_of(conn, landing)
    with opened(url) as source:
        tables = tables_of(source, schema, recorded(conn, landing), landing)
        refuse_outgrown(conn, tables, landing)
        make_enums(source, conn, landing, tables)
        notes, written = _pass(source, conn, follower, tables, landing, proved=proved)
        committed()
        left = _remove(source, follower, schema, tables, notes)
    return CaughtUp(len(notes), written, left)


def refuse_outgrown(conn: Connection[Any], tables: Sequence[Table], landing: str) -> None:
    """Raises LandingOutgrown for a table that has other columns or keys than when it was landed."""
    for table in tables:
        if not is_made(conn, in_landing(table, landing)):
            raise LandingOutgrown(
                f"{landing}.{table.name} is not there as it was landed, or {table.schema}.{table.name} has other columns or keys now",
                hint="land again, and look at the mapping; after a cut-over there is nothing to follow",
            )


def _pass(
    source: Connection[Any],
    conn: Connection[Any],
    follower: str,
    tables: Sequence[Table],
    landing: str,
    *,
    proved: bool,
) -> tuple[list[Note], int]:
    with conn.transaction():
        conn.execute("set local idle_in_transaction_session_timeout = 0")  # while the source reads its rows
        lock_landing(conn, landing)
        sleep(conn, landing)
        with snapshot(source):
            refuse_unwatched(source, follower, tables)
            noted = _notes(source, follower, tables)
            written = 0
            for table in tables:
                if noted.get(table.name):
                    written += _land_again(source, conn, follower, table, landing)
                move_on(conn, landing, counters_of(source, table))
                if proved:
                    there = digest(source, table)
                    prove(conn, in_landing(table, landing), there)
                    record(conn, in_landing(table, landing), astuple(there))
    return [note for found in noted.values() for note in found], written


def _notes(source: Connection[Any], follower: str, tables: Sequence[Table]) -> dict[str, list[Note]]:
    said = SQL(
        "select n.old_table, n.ctid::text, n.note::text from {} as n where n.follower = %s and n.old_schema = %s and n.old_table = any(%s)"
    ).format(NOTED)
    found: dict[str, list[Note]] = {}
    schema = tables[0].schema if tables else ""
    for table, place, note in rows(source, said, [follower, schema, [table.name for table in tables]]):
        found.setdefault(table, []).append((place, note))
    return found


def _land_again(
    source: Connection[Any], conn: Connection[Any], follower: str, table: Table, landing: str
) -> int:
    wanted = in_landing(table, landing)
    keys = _noted_keys(follower, table)
    of_keys = SQL("select {} from {} as t where ({}) in ({})").format(
        listed(table.stored, "t"), table.identifier, listed(table.key, "t"), keys
    )
    make_stage(conn, wanted, KEYS, wanted.key)
    stream(source, keys, conn, KEYS, wanted.key)
    make_stage(conn, wanted, STAGE, wanted.stored)
    try:
        stream(source, of_keys, conn, STAGE, wanted.stored)
    except errors.InvalidTextRepresentation as error:
        raise LandingOutgrown(
            f"{landing}.{table.name}: {error.diag.message_primary}",
            hint="a type of the source has a new value; run it again, or land again",
        ) from error
    ready(conn, wanted, KEYS)
    ready(conn, wanted, STAGE)
    return merge(conn, wanted, of_keys=True)


def _noted_keys(follower: str, table: Table) -> Composed:
    return SQL("select distinct {} from {} as n where n.follower = {} and n.old_schema = {} and n.old_table = {}").format(
        table.cast_key(SQL("n.key")), NOTED, follower, table.schema, table.name
    )  # fmt: skip


def _remove(
    source: Connection[Any], follower: str, schema: str, tables: Sequence[Table], notes: Sequence[Note]
) -> int:
    """Exactly the notes that were handled, found where they were; how many are left."""
    names = [table.name for table in tables]
    gone = SQL(
        "delete from {} as n using unnest(%s::tid[], %s::uuid[]) as h (place, note) where n.ctid = h.place and n.note = h.note"
    ).format(NOTED)
    left = SQL("select count(*) from {} where follower = %s and old_schema = %s and old_table = any(%s)")
    with source.transaction():
        if notes:
            source.execute(gone, [[place for place, _ in notes], [note for _, note in notes]])
        [(count,)] = rows(source, left.format(NOTED), [follower, schema, names])
    return int(count)
