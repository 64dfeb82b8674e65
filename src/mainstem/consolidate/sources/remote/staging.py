"""Rows on their way from one PostgreSQL to the other: streamed as COPY's text, staged, and put in where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.remote.tables import Table
from mainstem.consolidate.sources.sqlite.landed import listed

STAGE = Identifier("pg_temp", "_mainstem_stage")
KEYS = Identifier("pg_temp", "_mainstem_keys")


def stream(
    source: Connection[Any], said: Composed, target: Connection[Any], into: Identifier, columns: Sequence[str]
) -> None:
    """A query's rows into a table of the other server, block by block."""
    taking = SQL("copy {} ({}) from stdin").format(into, listed(columns))
    giving = SQL("copy ({}) to stdout").format(said)
    with (
        target.cursor() as writes,
        writes.copy(taking) as copy,
        source.cursor() as reads,
        reads.copy(giving) as blocks,
    ):
        for block in blocks:
            copy.write(block)


def all_rows(table: Table) -> Composed:
    """What is streamed of a whole table."""
    return SQL("select {} from {} as t").format(listed(table.stored, "t"), table.identifier)


def make_stage(conn: Connection[Any], table: Table, stage: Identifier, columns: Sequence[str]) -> None:
    """An empty temporary table for some columns of this one, gone at the end of the transaction."""
    conn.execute(SQL("drop table if exists {}").format(stage))
    conn.execute(
        SQL("create temporary table {} on commit drop as select {} from {} with no data").format(
            Identifier(stage.as_string().rpartition(".")[2].strip('"')), listed(columns), table.identifier
        )
    )


def ready(conn: Connection[Any], table: Table, stage: Identifier) -> None:
    """Index and statistics of a filled stage."""
    conn.execute(SQL("create index on {} ({})").format(stage, listed(table.key)))
    conn.execute(SQL("analyze {}").format(stage))


def same_key(table: Table, one: str, other: str) -> Composed:
    """Both rows have one key."""
    return SQL("({}) = ({})").format(listed(table.key, one), listed(table.key, other))


def merge(conn: Connection[Any], table: Table, *, of_keys: bool) -> int:
    """Make the rows those of the stage, all or those of the staged keys; how many were put in or are gone.

    Rows that are equal are not touched, so that triggers tell of true changes. A row that differs is taken out and put in:
    so a unique value can move between two of them.
    """
    within = SQL("exists (select from {} as k where {}) and ").format(KEYS, same_key(table, "k", "t"))
    out = SQL("delete from {t} as t where {within}not exists (select from {s} as s where {same} and {s_} = {t_})").format(
        t=table.identifier, within=within if of_keys else SQL(""), s=STAGE, same=same_key(table, "s", "t"),
        s_=table.whole("s"), t_=table.whole("t"),
    )  # fmt: skip
    taken_out = conn.execute(out).rowcount
    return max(taken_out, put_in(conn, table))


def put_in(conn: Connection[Any], table: Table) -> int:
    """The staged rows that are not there."""
    said = SQL(
        "insert into {t} ({columns}) overriding system value select {columns} from {s} as s"
        " where not exists (select from {t} as t where {same})"
    ).format(t=table.identifier, columns=listed(table.stored), s=STAGE, same=same_key(table, "s", "t"))
    return conn.execute(said).rowcount
