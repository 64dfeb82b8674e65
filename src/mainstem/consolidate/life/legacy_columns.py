"""The end of the columns for old ids: dropped on request, when every consolidation is finished and nothing needs them."""

from __future__ import annotations

import re

from psycopg import errors

from mainstem.consolidate.compile import Program, changes, compile_mapping
from mainstem.consolidate.compile.legacy_ids import LEGACY, held_there, without_legacy
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.life.plan import Plan, every_plan, note
from mainstem.consolidate.life.session import Connection, with_patience
from mainstem.consolidate.mapping import read_mapping
from mainstem.errors import CutoverBlocked, PhaseRefused

_TRIGGER = re.compile(r"create or replace trigger .*?;\n", re.DOTALL)
_SPEAKING = """
select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where p.prosrc ~ %s and n.nspname <> 'mainstem' and n.nspname !~ '^(pg_|consolidation_)' order by 1
"""
"""Functions of somebody's that name one of the columns: no dependency tells of them."""


def functions_without_columns(conn: Connection, program: Program) -> list[str]:
    """What old names write by, as it will be when the columns are gone; what does not change is not among it."""
    other = compile_mapping(without_legacy(program.mapping), conn, moved=True)
    before = {**program.old_name_triggers(), **_giving_ids(program)}
    after = {**other.old_name_triggers(), **_giving_ids(other)}
    return [_TRIGGER.sub("", text) for name, text in after.items() if text != before[name]]


def _giving_ids(program: Program) -> dict[str, str]:
    return {f"mainstem.{table}": text for table, text in changes.id_triggers(program.whole).items()}


def legacy_columns(conn: Connection) -> dict[str, str]:
    """Table to column, of those that are there."""
    rows = conn.execute(
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and not a.attisdropped"
        " where c.relnamespace = 'mainstem'::regnamespace and c.relname = any(%s) and a.attname = any(%s)",
        [list(LEGACY), list(LEGACY.values())],
    ).fetchall()
    return {str(table): str(column) for table, column in rows}


def refuse_needed(conn: Connection, *, finishing: str = "") -> None:
    """Raises PhaseRefused while a consolidation needs the columns, and says which. `finishing`: one that will be finished by then."""
    for plan in every_plan(conn):
        _refuse_under_way(plan, finishing)
        if held := held_there(read_mapping(plan.mapping)):
            raise PhaseRefused(
                f"{plan.source} has {', '.join(held)} there, and nowhere else",
                hint="Keep the columns; nothing was dropped.",
            )
    speaking = conn.execute(_SPEAKING, ["|".join(LEGACY.values())]).fetchall()
    if speaking:
        raise PhaseRefused(
            f"functions name these columns: {', '.join(name for (name,) in speaking)}",
            hint="Let them find old ids in mainstem_consolidation.consolidation_id; nothing was dropped.",
        )


def _refuse_under_way(plan: Plan, finishing: str) -> None:
    if plan.phase != "finished" and plan.source != finishing:
        raise PhaseRefused(
            f"{plan.source} is {plan.phase.replace('_', ' ')}, and its old ids are in the columns",
            hint=f"Finish it first, or `mainstem consolidate rollback {plan.source} --to planned`.",
        )
    if plan.phase == "finished" and "old_names_without_columns" not in plan.facts:
        raise PhaseRefused(
            f"{plan.source} was finished before its old names could do without the columns",
            hint="Keep them; nothing was dropped.",
        )


def drop_legacy_columns(conn: Connection) -> list[str]:
    """Drop them; old names go on without. Gives the columns that were dropped, none the second time.

    Raises PhaseRefused while somebody needs them, CutoverBlocked for a view of somebody's on them, or locks that were not to be had.
    """
    refuse_needed(conn)
    there = legacy_columns(conn)
    if there:
        try:
            with_patience(lambda: _drop(conn, there), seconds=60, what="the end of the columns for old ids")
        except errors.DependentObjectsStillExist as error:
            raise CutoverBlocked(
                f"{error.diag.message_primary}: {error.diag.message_detail}",
                hint="Point what is named at mainstem_consolidation.consolidation_id; nothing was dropped.",
            ) from error
    return [f"{table}.{column}" for table, column in there.items()]


def _drop(conn: Connection, there: dict[str, str]) -> None:
    """In one transaction: columns, what writes them, and what the start-up guard expects."""
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtext('mainstem.upgrade'))")
        conn.execute(f"lock table {', '.join(q('mainstem', table) for table in sorted(there))} in access exclusive mode")  # fmt: skip
        for table, column in there.items():
            conn.execute(f"alter table {q('mainstem', table)} drop column {q(column)} restrict")
        dropped = [f"{table}.{column}" for table, column in there.items()]
        gone = [
            *(f"column {name}" for name in dropped),
            *(f"index mainstem.{table}_by_legacy_id" for table in there),
        ]
        for plan in every_plan(conn):
            for text in plan.facts.get("old_names_without_columns", []):
                conn.execute(text)
            note(conn, plan.source, plan.phase, {"columns_dropped": dropped})
        conn.execute(
            "update mainstem.schema_info set fingerprint = fingerprint - %s::text[]",
            [gone],
        )
