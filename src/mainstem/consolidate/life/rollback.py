"""The way back: what was written since the cut-over is unfolded into the old tables, and the old names are tables again.

Before a cut-over nothing of the old tables was touched, and the way back is to drop what we made.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from mainstem.consolidate.compile import Program, changes
from mainstem.consolidate.compile.relation import RUN, STEP
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.views import IDS, STRAY, index_name
from mainstem.consolidate.life.dependants import dependants, functions_of, hold_dependants
from mainstem.consolidate.life.losses import NEEDED, Loss, losses
from mainstem.consolidate.life.plan import PLAN, Plan, advance, fingerprint, holding, read_plan
from mainstem.consolidate.life.session import Connection, seeing_ours, with_patience
from mainstem.consolidate.mapping import Row, Run
from mainstem.errors import NotLossless

BATCH = 200
FEW = 20
"""Runs that may be left for the moment under the locks: writers never leave none."""


def roll_back(
    conn: Connection, program: Program, plan: Plan, *, accept_loss: bool = False, patience: float = 60.0
) -> list[Loss]:
    """After a cut-over: old names are tables again, with what was written since; the plan is then copied, and can go forward again.

    Raises NotLossless unless the loss is accepted; gives what was lost. Before a cut-over use `abandon`.
    """
    source = program.mapping.system
    with holding(conn, source, "cut_over") as token:
        lost = losses(conn, program)
        if lost and not accept_loss:
            told = "; ".join(f"{loss.table} {loss.key} {loss.column}: {loss.why}" for loss in lost[:10])
            raise NotLossless(
                f"{len(lost)} values do not fit into the old tables: {told}",
                hint="Say --accept-loss to leave them behind.",
            )
        with seeing_ours(conn):
            while _bring_back(conn, program, lost, BATCH) > FEW:
                pass
            with_patience(
                lambda: _switch_back(conn, program, plan, token, lost), seconds=patience, what="the way back"
            )
    return lost


def _bring_back(conn: Connection, program: Program, lost: list[Loss], limit: int) -> int:
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        return len(_unfold_changed(conn, program, lost, limit))


def _unfold_changed(conn: Connection, program: Program, lost: list[Loss], limit: int) -> list[UUID]:
    """Take runs out of the log of what was written since, and make their old rows what they are now."""
    row = conn.execute(
        "with pick as (select distinct new_id from mainstem_consolidation.written_since where source = %s limit %s),\n"
        "gone as (delete from mainstem_consolidation.written_since w using pick where w.source = %s and w.new_id = pick.new_id returning w.new_id)\n"
        "select coalesce(array_agg(distinct new_id), '{}') from gone",
        [program.mapping.system, limit, program.mapping.system],
    ).fetchone()
    ids: list[UUID] = list(row[0]) if row else []
    if ids:
        conn.execute(
            "set local session_replication_role = replica"
        )  # the rows are whole: no trigger has to make them so
        for table in reversed(program.tables):
            conn.execute(_delete_gone(program, table), {"ids": ids})
        for table in program.tables:
            skipped = [loss.key for loss in lost if loss.table == table and loss.why == NEEDED]
            conn.execute(_upsert(program, table), {"ids": ids, "skipped": skipped})
        for text in _forget_left_behind(program):
            conn.execute(text, {"ids": ids})
        conn.execute(_note_forward(program), {"ids": ids})
    return ids


def _root_keys(program: Program, table: str) -> str:
    return f"select k.old_key::{{type}} from {IDS} k where {program.whole.ids_of('k', table)} and k.new_id = any(%(ids)s)"


def _delete_gone(program: Program, table: str) -> str:
    """Old rows of these roots that are no more."""
    said: Any = program.mapping.tables[table]
    legacy = q(program.mapping.legacy_schema, table)
    view = q(program.whole.work_schema, f"unfold_{table}")
    old = program.catalog.old[table]
    if isinstance(said, Run | Row):
        root_table, column = table, said.key
    else:
        root_table, column = program.whole.run.table if program.whole.run else table, said.run
    keys = _root_keys(program, root_table).format(type=old[column].type)
    return (
        f"delete from {legacy} o where o.{q(column)} in ({keys})\n"
        f"   and not exists (select from {view} u where u._id = any(%(ids)s::uuid[]{_and_strays(program, table)})\n"
        f"                      and u.{q(said.key)} = o.{q(said.key)} and u.{q(column)} = o.{q(column)})"
    )


def _and_strays(program: Program, table: str) -> str:
    """Runs that have an element which names another: it is looked for there, too."""
    if table not in [one.table for one in program.whole.lists]:
        return ""
    strays = f"select mainstem.run_of(y.new_id) from {STRAY} y where y.source = {lit(program.mapping.system)} and y.old_table = {lit(table)}"
    return f" || array({strays})"


def _upsert(program: Program, table: str) -> str:
    said: Any = program.mapping.tables[table]
    columns = [
        name
        for name, column in program.catalog.old[table].items()
        if name not in said.drop and not column.is_generated
    ]
    named = ", ".join(map(q, columns))
    changed = ", ".join(f"{q(name)} = excluded.{q(name)}" for name in columns if name != said.key)
    return (
        f"insert into {q(program.mapping.legacy_schema, table)} ({named}) overriding system value\n"
        f"select {named} from {q(program.whole.work_schema, 'unfold_' + table)} u where u._id = any(%(ids)s) and u.{q(said.key)}::text <> all(%(skipped)s){_with_parents(program, table)}\n"
        f"    on conflict ({q(said.key)}) do update set {changed}"
    )


def _with_parents(program: Program, table: str) -> str:
    """A row whose run or step was left behind stays with it: no foreign key looks while rows come back."""
    said: Any = program.mapping.tables[table]
    parents = [
        (getattr(said, "run", None), program.whole.run),
        (getattr(said, "step", None), program.whole.step),
    ]
    text = ""
    for column, parent in parents:
        if column is not None and parent is not None:
            there = f"select from {q(program.mapping.legacy_schema, parent.table)} p where p.{q(parent.said.key)} = u.{q(column)}"
            text += f"\n   and (u.{q(column)} is null or exists ({there}))"
    return text


def _forget_left_behind(program: Program) -> list[str]:
    """Ids of runs and steps that did not come back: they are new code's alone again, and no copy takes them out."""
    texts = []
    for relation in program.relations():
        of = "mainstem.run_of(k.new_id)" if relation is program.whole.step else "k.new_id"
        key = f"p.{q(relation.said.key)} = k.old_key::{relation.key.type}"
        texts.append(
            f"delete from {IDS} k where {program.whole.ids_of('k', relation.table)} and {of} = any(%(ids)s)\n"
            f"   and not exists (select from {q(program.mapping.legacy_schema, relation.table)} p where {key})"
        )
    return texts


def _note_forward(program: Program) -> str:
    """What came back is folded anew when it goes forward again."""
    roots = " union ".join(
        f"select {lit(root.table)}, k.old_key from {IDS} k where {program.whole.ids_of('k', root.table)} and k.new_id = any(%(ids)s)"
        for root in program.whole.roots()
    )
    return f"insert into mainstem_consolidation.dirty (source, old_table, root) select {lit(program.mapping.system)}, d.* from ({roots}) d"


def _switch_back(conn: Connection, program: Program, plan: Plan, token: UUID, lost: list[Loss]) -> None:
    with conn.transaction():
        began = time.monotonic()
        hold_dependants(conn, dependants(conn, program))
        for table in program.tables:
            conn.execute(_old_name_aside(program, table))
        conn.execute(f"lock table {', '.join(_ours(program))} in share row exclusive mode")
        locked = time.monotonic()
        while _unfold_changed(conn, program, lost, 10_000):
            pass
        _old_names(conn, program, plan)
        times = {
            "waited_ms": round((locked - began) * 1000, 1),
            "locked_ms": round((time.monotonic() - locked) * 1000, 1),
        }
        advance(conn, program.mapping.system, token, "copied", rolled_back=True, lost=len(lost), **times)


def _ours(program: Program) -> list[str]:
    """Tables of ours that nobody writes while the last changes are unfolded."""
    runs = [RUN, STEP, "user_workflow_event", "user_workflow_run_context"] if program.whole.run else []
    return [
        f"mainstem.{q(name)}" for name in (*runs, *sorted({found.target for found in program.whole.rows}))
    ]


def _old_names(conn: Connection, program: Program, plan: Plan) -> None:
    """The old tables under their names, with whatever stood on them, and the triggers that log what is written."""
    mapping = program.mapping
    for table in program.tables:
        conn.execute(_old_name_back(program, table))
    for table, column, sequence in plan.facts.get("sequences", []):
        owner = q(mapping.old_schema, table, column)
        conn.execute(f"alter sequence {q(mapping.old_schema, sequence)} owned by {owner}")
    for text in plan.facts.get("views_before", []):
        conn.execute(text)
    _restore_functions(conn, program, plan)
    for text in program.log_triggers().values():
        conn.execute(text)
    stands = [fingerprint(conn, program), mapping.system]
    conn.execute(f"update {PLAN} set old_fingerprint = %s where source = %s", stands)


def _old_name_aside(program: Program, table: str) -> str:
    """First of all: who writes by the old name then waits at the view, holding nothing of ours."""
    mapping, now = program.mapping, f"now_{table}"
    return f"alter view {q(mapping.old_schema, table)} rename to {q(now)};\nalter view {q(mapping.old_schema, now)} set schema {q(mapping.work_schema)};\n"


def _old_name_back(program: Program, table: str) -> str:
    return (
        f"alter table {q(program.mapping.legacy_schema, table)} set schema {q(program.mapping.old_schema)};\n"
    )


def _restore_functions(conn: Connection, program: Program, plan: Plan) -> None:
    before: dict[str, str] = plan.facts.get("functions_before", {})
    if not before:
        return
    for name, text in functions_of(conn, program.mapping.old_schema).items():
        if name not in before:
            conn.execute(f"drop function {name}")
        elif text != before[name]:
            conn.execute(before[name])
    conn.execute(f"update {PLAN} set facts = facts - 'functions_before' where source = %s", [plan.source])


def abandon(conn: Connection, program: Program) -> None:
    """Before a cut-over: drop triggers, views and copies; the old tables are as if nothing had been. The plan is planned again."""
    source, whole = program.mapping.system, program.whole
    with holding(conn, source, "planned", "expanded", "copied", "verified") as token:
        for table in program.tables:
            conn.execute(changes.drop_log_triggers(whole, table))
        for table in program.mirrors():
            conn.execute(
                f"drop trigger if exists {q(changes.trigger_name('mirror'))} on {q(program.mapping.old_schema, table)}"
            )
        for text in changes.drop_since_triggers(whole).values():
            _drop(conn, text)
        with conn.transaction():
            _restore_functions(conn, program, read_plan(conn, source))
            _drop_copies(conn, program)
            for name in ("dirty", "quarantine", "stray", "consolidation_id"):
                conn.execute(f"delete from mainstem_consolidation.{name} where source = %s", [source])
            conn.execute(f"drop schema if exists {q(program.mapping.work_schema)} cascade")
            for relation in program.relations():
                conn.execute(
                    f"drop index if exists {q('mainstem_consolidation', index_name(whole, relation))}"
                )
            conn.execute(
                f"update {PLAN} set cursors = '{{}}', old_fingerprint = null where source = %s", [source]
            )
            advance(conn, source, token, "planned", abandoned=True)


def _drop(conn: Connection, text: str) -> None:
    def attempt() -> None:
        with conn.transaction():
            conn.execute(text)

    with_patience(attempt, seconds=30, what="the triggers' end")


def _drop_copies(conn: Connection, program: Program) -> None:
    ids = f"select k.new_id from {IDS} k where k.source = {lit(program.mapping.system)}"
    if program.whole.run:
        for name in ("user_workflow_event", STEP, RUN):
            conn.execute(f"delete from mainstem.{name} where run_id in ({ids})")
    for relation in program.whole.rows:
        conn.execute(
            f"delete from mainstem.{q(relation.target)} where {q(relation.said.columns[relation.said.key].to)} in ({ids})"
        )
