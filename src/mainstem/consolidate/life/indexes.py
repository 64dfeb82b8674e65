"""Indexes that the copy needs and the old tables lack: children are looked up by their parent, root after root.

Without one each root reads the whole table of children, and the copy is as slow as the square of its size. They are made before the
first row is copied, CONCURRENTLY, so that writers go on; they go with the old table when it is dropped, and by themselves with the copy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from psycopg import errors
from psycopg.types.json import Jsonb

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.life.plan import PLAN, note, renew
from mainstem.consolidate.life.session import PATIENCE, Connection
from mainstem.errors import CutoverBlocked

MARK = "mainstem_consolidation_"
LONGEST_WAIT = "10min"
"""For transactions that began before: nobody queues behind this wait, as the index asks for no lock that a writer would miss."""
SMALL = 128 * 1024
"""Bytes below which a table is read as a whole sooner than by an index."""

_LACKING = """
select c.relname, a.attname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
  join unnest(%(tables)s::text[], %(columns)s::text[]) with ordinality w (table_name, column_name, place)
    on w.table_name = c.relname and w.column_name = a.attname
 where n.nspname = %(schema)s and c.relkind = 'r' and pg_relation_size(c.oid) >= %(small)s
   and not exists (
     select from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
      where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indisvalid and m.amname in ('btree', 'hash')
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%%I IS NOT NULL)', a.attname)))
 order by w.place
"""
_OURS = """
select x.relname, i.indisvalid
  from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = %s and c.relname = any(%s) and starts_with(x.relname, %s) order by 1
"""


@dataclass(frozen=True)
class Lacking:
    """A column by which rows are looked up, without an index that begins with it."""

    table: str
    column: str

    @property
    def name(self) -> str:
        """Of the index that is made for it."""
        full = f"{MARK}{self.table}_{self.column}"
        return full if len(full.encode()) < 64 else f"{MARK}{sha256(full.encode()).hexdigest()[:16]}"


def lacking_indexes(conn: Connection, program: Program) -> list[Lacking]:
    """What the copy would do without. A partitioned table is left alone: no index of it is made concurrently."""
    looked_up = list(_looked_up(program))
    rows = conn.execute(
        _LACKING,
        {
            "tables": [table for table, _ in looked_up],
            "columns": [column for _, column in looked_up],
            "schema": program.mapping.old_schema,
            "small": SMALL,
        },
    ).fetchall()
    return [Lacking(*row) for row in rows]


def _looked_up(program: Program) -> Iterator[tuple[str, str]]:
    whole = program.whole
    if whole.step:
        yield whole.step.table, whole.step.run_column
    for one in whole.lists:
        yield one.table, one.said.run
        if one.said.step:
            yield one.table, one.said.step
    for keyed in whole.contexts:
        yield keyed.table, keyed.said.run


def make_indexes(
    conn: Connection, program: Program, token: UUID, *, told: Callable[[str], object] = lambda _: None
) -> None:
    """Outside any transaction; what a killed one left behind is made anew. The plan and its journal remember them.

    Raises CutoverBlocked when a transaction that began before does not end.
    """
    source, schema = program.mapping.system, program.mapping.old_schema
    _drop(conn, program, only_broken=True)
    for one in lacking_indexes(conn, program):
        told(f"an index on {one.table} ({one.column})")
        began = time.monotonic()
        with _waiting(conn, one.table), _held_meanwhile(conn, source, token):
            conn.execute(
                f"create index concurrently {q(one.name)} on {q(schema, one.table)} ({q(one.column)})"
            )
        made = {"table": one.table, "column": one.column, "seconds": round(time.monotonic() - began, 3)}
        conn.execute(
            f"update {PLAN} set facts = jsonb_set(facts, '{{indexes}}', coalesce(facts -> 'indexes', '{{}}') || %s) where source = %s",
            [Jsonb({one.name: made}), source],
        )
        note(conn, source, "planned", {"index_made": one.name, **made})


def drop_indexes(conn: Connection, program: Program) -> None:
    """Those of ours, and only those: the old tables are as they were."""
    _drop(conn, program, only_broken=False)
    conn.execute(f"update {PLAN} set facts = facts - 'indexes' where source = %s", [program.mapping.system])


def _drop(conn: Connection, program: Program, *, only_broken: bool) -> None:
    schema = program.mapping.old_schema
    for name, is_valid in conn.execute(_OURS, [schema, program.tables, MARK]).fetchall():
        if not (only_broken and is_valid):
            with _waiting(conn, name):
                conn.execute(f"drop index concurrently if exists {q(schema, name)}")


@contextmanager
def _waiting(conn: Connection, name: str) -> Iterator[None]:
    """Patient with transactions; and the server notices soon when we are gone."""
    conn.execute("select set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
    with suppress(errors.InvalidParameterValue):  # where its system cannot tell
        conn.execute("set client_connection_check_interval = '1s'")
    try:
        yield
    except errors.LockNotAvailable as error:
        raise CutoverBlocked(
            f"{name}: a transaction that began before is still open after {LONGEST_WAIT}",
            hint="Look for long transactions in pg_stat_activity and try again, or copy with --no-indexes.",
        ) from error
    finally:
        if not conn.closed:
            conn.execute(
                "select set_config('lock_timeout', %s, false)", [PATIENCE.settings()["lock_timeout"]]
            )


@contextmanager
def _held_meanwhile(conn: Connection, source: str, token: UUID) -> Iterator[None]:
    """Nobody renews a lease while an index is made: it holds for as long as this session lives."""
    conn.execute(
        f"update {PLAN} set lease_until = 'infinity' where source = %s and token = %s", [source, token]
    )
    yield
    renew(conn, source, token)
