"""Landing: tables of another PostgreSQL copied as they are into a schema of the ledger's database.

All of them are read in one snapshot of the source; each lands in a transaction of its own, all of it or nothing, and only when
both sides have one digest. Landing again writes only what differs, so that views and triggers on the landed tables stand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from psycopg import Connection

from mainstem.consolidate.sources.remote.digest import Digest, digest
from mainstem.consolidate.sources.remote.links import check, link, sleep
from mainstem.consolidate.sources.remote.making import (
    constrain,
    counters_of,
    is_made,
    make,
    make_enums,
    move_on,
    prepare,
    record,
)
from mainstem.consolidate.sources.remote.old_code import carry
from mainstem.consolidate.sources.remote.opening import opened, pin_texts, snapshot
from mainstem.consolidate.sources.remote.staging import STAGE, all_rows, make_stage, merge, ready, stream
from mainstem.consolidate.sources.remote.tables import Table, in_landing, tables_of
from mainstem.consolidate.sources.sqlite.landed import refuse_open_transaction
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.errors import LandingDiffers


@dataclass(frozen=True, slots=True)
class Landed:
    """What lies in the landing schema, by table."""

    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    """Tables that already were what the snapshot has."""
    left_out: list[str] = field(default_factory=list)
    """What old code may miss: defaults, checks, keys, triggers, policies, views and functions that were not carried, and why."""


def land(
    url: str,
    conn: Connection[Any],
    landing: str,
    tables: Sequence[str],
    *,
    schema: str = "public",
    tell: Callable[[str, int], None] = lambda _table, _rows: None,
) -> Landed:
    """Land these tables of the source's schema. Killed anywhere, it can be run again.

    conn: outside a transaction. Land after `install_triggers`, and before the first `follow`. tell: gets each table with
    its rows. Raises SourceUnlandable, LandingOutgrown, LandingDiffers.
    """
    refuse_open_transaction(conn)
    prepare(conn, landing)
    pin_texts(conn)
    landed = Landed()
    with opened(url) as source, snapshot(source):
        found = tables_of(source, schema, tables, landing)
        make_enums(source, conn, landing, found)
        for table in found:
            _land(source, conn, table, in_landing(table, landing), landed)
            tell(table.name, landed.counts[table.name])
        landed.left_out.extend(check(source, conn, landing, found))
        landed.left_out.extend(link(source, conn, landing, found))
        landed.left_out.extend(carry(source, conn, schema, landing, tables))
    return landed


def _land(
    source: Connection[Any], conn: Connection[Any], table: Table, wanted: Table, landed: Landed
) -> None:
    there = digest(source, table)  # before our transaction, which must not stand idle
    with conn.transaction():
        lock_landing(conn, wanted.schema)
        sleep(conn, wanted.schema)
        made = is_made(conn, wanted)
        if made and digest(conn, wanted) == there:
            landed.kept.append(table.name)
            move_on(conn, wanted.schema, counters_of(source, table))
        else:
            landed.left_out.extend(_write(source, conn, table, wanted, made=made))
            prove(conn, wanted, there)
            record(conn, wanted, astuple(there))
    landed.counts[table.name] = there.rows
    landed.digests[table.name] = there


def _write(
    source: Connection[Any], conn: Connection[Any], table: Table, wanted: Table, *, made: bool
) -> list[str]:
    counters, left_out = counters_of(source, table), []
    if made:
        make_stage(conn, wanted, STAGE, wanted.stored)
        stream(source, all_rows(table), conn, STAGE, wanted.stored)
        ready(conn, wanted, STAGE)
        merge(conn, wanted, of_keys=False)
    else:
        make(conn, wanted)
        stream(source, all_rows(table), conn, wanted.identifier, wanted.stored)
        left_out = constrain(conn, wanted, counters)
    move_on(conn, wanted.schema, counters)
    return left_out


def prove(conn: Connection[Any], landed: Table, there: Digest) -> None:
    """Raises LandingDiffers when the landed table is not what the source has."""
    here = digest(conn, landed)
    if here != there:
        raise LandingDiffers(
            f"{landed.schema}.{landed.name} has {here.rows} rows, the source {there.rows}, or other values: {here} is not {there}",
            hint="nothing was kept; look for triggers on the landed table that change rows, or land the table again",
        )
