"""The end: when nobody needs the way back any more, the old tables go. Never by CASCADE, never without their name typed."""

from __future__ import annotations

from psycopg import errors

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.life.legacy_columns import functions_without_columns
from mainstem.consolidate.life.losses import left_behind
from mainstem.consolidate.life.plan import Plan, advance, holding, remember
from mainstem.consolidate.life.session import Connection, with_patience
from mainstem.consolidate.mapping import Mapping
from mainstem.errors import CutoverBlocked, PhaseRefused

_NOTING = """
select t.tgrelid::regclass::text, quote_ident(t.tgname), p.oid::regprocedure::text
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid
 where p.pronamespace = to_regnamespace(quote_ident(%s)) and p.proname like 'since\\_%%' and t.tgparentid = 0
 order by 1, 2
"""
"""Triggers on our tables that note what was written since the cut-over, and their functions."""


def finish(conn: Connection, program: Program, *, typed: str) -> list[str]:
    """Drop the old tables; the old names stay as views. Gives the tables that were dropped.

    Raises PhaseRefused when the name of the system was not typed, CutoverBlocked when something still stands on an old table, or holds
    one for a minute.
    """
    mapping = program.mapping
    if typed != mapping.system:
        raise PhaseRefused(
            f"{typed!r} is not the name of this system",
            hint=f"Type {mapping.system}: the old tables are gone after this.",
        )
    without_columns = functions_without_columns(
        conn, program
    )  # while there are old tables to compile against
    columns = [f"{found.table}.{column}" for found in program.thinned for column in found.said.without]
    dropped = [*program.tables, *columns]
    with holding(conn, mapping.system, "cut_over") as token:

        def attempt() -> None:
            with conn.transaction():
                _drop(conn, program)
                remember(conn, mapping.system, old_names_without_columns=without_columns)
                advance(conn, mapping.system, token, "finished", dropped=dropped)

        try:
            with_patience(attempt, seconds=60, what="the end of the old tables")
        except errors.DependentObjectsStillExist as error:
            raise CutoverBlocked(
                f"{error.diag.message_primary}: {error.diag.message_detail}",
                hint="Point what is named at the new tables; nothing was dropped.",
            ) from error
    stop_noting(conn, mapping)
    return dropped


def stop_noting(conn: Connection, mapping: Mapping) -> None:
    """Nothing notes what a rollback would take along; what gives old ids stays. Of a finished plan; twice is once."""
    for table, trigger, function in conn.execute(_NOTING, [mapping.work_schema]).fetchall():

        def attempt(texts: tuple[str, str]) -> None:
            with conn.transaction():
                for text in texts:
                    conn.execute(text)

        gone = f"drop trigger if exists {trigger} on {table}", f"drop function if exists {function}"
        with_patience(lambda: attempt(gone), seconds=30, what=f"the end of a trigger of {table}")  # noqa: B023  (called at once)


def _drop(conn: Connection, program: Program) -> None:
    mapping = program.mapping
    _drop_our_views(conn, program)
    for table in reversed(program.tables):
        conn.execute(f"drop table {q(mapping.legacy_schema, table)} restrict")
    conn.execute(f"drop schema {q(mapping.legacy_schema)} restrict")
    for text in [text for found in program.thinned for text in found.dropping()]:
        conn.execute(text)
    conn.execute(
        "delete from mainstem_consolidation.written_since where source = any(%s)",
        [[mapping.system, left_behind(mapping.system)]],
    )


def _drop_our_views(conn: Connection, program: Program) -> None:
    """Fold views read the old tables; nobody else's view is touched."""
    work = program.mapping.work_schema
    for relation in program.folded():
        conn.execute(f"drop view if exists {q(work, 'fold_' + relation.table)} restrict")
    for one in program.whole.lists:
        conn.execute(f"drop view if exists {q(work, 'log_' + one.table)} restrict")


def days_of_soak(conn: Connection, source: str) -> float:
    """Days since the last cut-over. Raises PhaseRefused when there was none."""
    row = conn.execute(
        "select extract(epoch from clock_timestamp() - max(at))::float8 / 86400 from mainstem_consolidation.journal"
        " where source = %s and phase = 'cut_over' and facts ? 'locked_ms'",
        [source],
    ).fetchone()
    if row is None or row[0] is None:
        raise PhaseRefused(f"{source} was not cut over", hint="Look at `mainstem consolidate status`.")
    return float(row[0])


def remember_reads(conn: Connection, program: Program) -> None:
    """How often the old tables were read before nobody should any more."""
    conn.execute("select pg_stat_force_next_flush()")  # what this very session read counts as before
    remember(conn, program.mapping.system, reads_before=_reads(conn, program))


def still_read(conn: Connection, program: Program, plan: Plan) -> dict[str, int]:
    """Old table to how often it was read or written since the cut-over: what the soak waits to see at rest.

    Sessions tell their last reads up to a minute late, so that a few from before the switch are among them.
    """
    before: dict[str, int] = plan.facts.get("reads_before", {})
    return {
        table: count - before.get(table, 0)
        for table, count in _reads(conn, program).items()
        if count > before.get(table, 0)
    }


def _reads(conn: Connection, program: Program) -> dict[str, int]:
    rows = conn.execute(
        "select relname, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where schemaname = %s",
        [program.mapping.legacy_schema],
    ).fetchall()
    return {str(table): int(count) for table, count in rows}
