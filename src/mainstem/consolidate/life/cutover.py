"""The switch: one short transaction under locks, after which the old names are views.

Everything that takes time is made before: views, triggers, grants as text. Under the locks the last changes are folded, the drained roots
compared, the tables moved aside and the views put in their place.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from mainstem.consolidate.compile import Program, changes
from mainstem.consolidate.compile.relation import Relation
from mainstem.consolidate.compile.statements import Apply
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.compile.thinned import Thinned
from mainstem.consolidate.compile.unpacked import Unpacked
from mainstem.consolidate.compile.views import IDS
from mainstem.consolidate.life.batch import perform
from mainstem.consolidate.life.catch_up import backlog, catch_up, drain
from mainstem.consolidate.life.dependants import (
    Dependant,
    dependants,
    functions_of,
    hold_dependants,
    refuse_in_the_way,
)
from mainstem.consolidate.life.finish import remember_reads
from mainstem.consolidate.life.plan import Plan, advance, holding, read_plan, refuse_changed, remember
from mainstem.consolidate.life.policies import guarded_views
from mainstem.consolidate.life.session import Connection, planned_once, with_patience
from mainstem.consolidate.life.verify import Compared, compare_roots
from mainstem.consolidate.mapping import Mapping
from mainstem.errors import CutoverBlocked, ProofFailed

MOST_LEFT = 500
"""Changes that may be left for the moment under the locks."""


@dataclass(frozen=True)
class Switched:
    """What the switch did."""

    locked_ms: float
    drained: int
    attempts: int


def cut_over(conn: Connection, program: Program, plan: Plan, *, patience: float = 60.0) -> Switched:
    """Raises CutoverBlocked when the locks were not to be had, ProofFailed when the last roots differ; all is then as before.

    Killed after the switch, it can be called again: what is left to do is done.
    """
    source, attempts = program.mapping.system, 0
    if plan.phase == "cut_over":
        with holding(conn, source, "cut_over"):
            give_old_ids(conn, program)
        return Switched(plan.facts["cut_over"]["locked_ms"], 0, 0)
    with holding(conn, source, "verified") as token:
        refuse_changed(conn, program, plan)
        refuse_in_the_way(conn, program)
        texts, standing = switch_texts(conn, program), dependants(conn, program)
        _install_functions(conn, program, plan)
        conn.execute("vacuum (analyze, truncate off) mainstem_consolidation.dirty")

        def attempt() -> Switched:
            nonlocal attempts
            attempts += 1
            with planned_once(conn):
                _rehearse(conn, program)
                catch_up(conn, program, token, until=20)
                return _switch(conn, program, token, texts, attempts, standing=standing)

        switched = with_patience(attempt, seconds=patience, what="the cut-over")
        give_old_ids(conn, program)
        remember_reads(conn, program)
    return switched


def give_old_ids(conn: Connection, program: Program) -> None:
    """Old ids for what new code ran of old workflows before the switch; later runs get theirs as they begin."""
    for relation in [found for found in (program.whole.run, program.whole.step) if found is not None]:
        conn.execute(old_ids(program, relation))
    if (unpacked := program.whole.unpacked) is not None:
        conn.execute(old_ids_of_elements(program, unpacked))


def _switch(
    conn: Connection,
    program: Program,
    token: object,
    texts: list[str],
    attempts: int,
    *,
    standing: list[Dependant],
) -> Switched:
    source, schema = program.mapping.system, program.mapping.old_schema
    thinned = [found.table for found in program.thinned]
    tables = ", ".join(q(schema, table) for table in [*program.tables, *thinned])
    with conn.transaction():
        began = time.monotonic()
        hold_dependants(conn, standing)
        conn.execute(f"lock table {tables} in access exclusive mode")
        locked = time.monotonic()
        drained = _drain_rest(conn, program)
        conn.execute(";\n".join(texts), prepare=False)  # in one message: writers wait for each that is sent
        took = (time.monotonic() - locked) * 1000
        facts = {
            "locked_ms": round(took, 1),
            "waited_ms": round((locked - began) * 1000, 1),
            "drained": drained,
            "attempts": attempts,
        }
        advance(conn, source, token, "cut_over", **facts)  # type: ignore[arg-type]
    return Switched(facts["locked_ms"], drained, attempts)


def _rehearse(conn: Connection, program: Program) -> None:
    """One root of each kind is folded and compared again, and all of it taken back: so its statements are planned."""
    for root in program.whole.roots():
        known = f"select old_key from {IDS} where source = %s and old_table = %s limit 1"
        roots = [key for (key,) in conn.execute(known, [program.mapping.system, root.table]).fetchall()]
        if roots:
            with conn.transaction(force_rollback=True):
                apply = program.apply(root)
                perform(conn, apply, roots)
                list(
                    _compared(conn, program, root, apply, roots)
                )  # what differs is for who compares in earnest


def _drain_rest(conn: Connection, program: Program) -> int:
    """The changes of the last moment, folded and compared. Nobody can write any more."""
    source = program.mapping.system
    if (left := backlog(conn, source)) > MOST_LEFT:
        raise CutoverBlocked(
            f"{left} changes are left for the moment under the locks",
            hint="Writers are faster than the copy; try when it is calmer.",
        )
    drained = 0
    for root in program.whole.roots():
        apply = program.apply(root)
        while roots := drain(conn, apply, source, MOST_LEFT):
            drained += len(roots)
            for found in _compared(conn, program, root, apply, roots):
                if not found.is_equal:
                    raise ProofFailed(
                        f"{found.name}: {found.differences}", hint="Nothing was switched. Verify again."
                    )
    return drained


def _compared(
    conn: Connection, program: Program, root: Relation, apply: Apply, roots: list[str]
) -> Iterator[Compared]:
    ids = [row[0] for row in conn.execute(apply.known_ids, {"roots": roots}).fetchall()]
    for side in program.proofs():
        if side.root_table == root.table:
            yield compare_roots(conn, side, roots, ids)


def has_switched(conn: Connection, mapping: Mapping, error: BaseException) -> bool:
    """Rows may be under the new names already, or nobody can tell: then the source stays closed to writers, and the error says so."""
    try:
        is_over = read_plan(conn, mapping.system).phase == "cut_over"
    except psycopg.Error:
        is_over = True
    if is_over:
        error.add_note(
            f"Writes to the source of {mapping.system} are still stopped: it may be switched, or is. Look at its status."
        )
    return is_over


def switch_texts(conn: Connection, program: Program) -> list[str]:
    """The statements under the locks, but for the last changes: made beforehand, so that nothing is looked up there."""
    mapping, whole = program.mapping, program.whole
    old, legacy, work = mapping.old_schema, mapping.legacy_schema, mapping.work_schema
    conn.execute(f"create schema if not exists {q(legacy)}")
    conn.execute(f"grant usage on schema {q(old)} to mainstem_owner")
    texts = [
        f"grant select on {q(old, table)} to mainstem_owner"
        for table in mapping.tables
        if table not in program.tables
    ]
    for table in program.tables:
        texts.append(changes.drop_log_triggers(whole, table))
        for sequence, _ in _sequences(conn, old, table):
            texts.append(
                f"alter sequence {q(old, sequence)} owned by none; grant usage on sequence {q(old, sequence)} to mainstem_owner;"
            )
        grants = _grants(conn, old, table)
        texts.append(f"alter table {q(old, table)} set schema {q(legacy)};")
        texts.append(
            f"alter view {q(work, 'now_' + table)} set schema {q(old)}; alter view {q(old, 'now_' + table)} rename to {q(table)};"
        )
        texts += [f"grant {right} on {q(old, table)} to {role};" for right, role in grants]
    texts += [text for found in program.thinned for text in _behind_its_view(conn, found)]
    standing = dependants(conn, program)
    remember(
        conn,
        mapping.system,
        views_before=[found.as_it_was for found in standing],
        sequences=_owned(conn, program),
    )
    return [*texts, *guarded_views(conn, program), *(found.as_it_was for found in standing)]


def _behind_its_view(conn: Connection, found: Thinned) -> list[str]:
    """A table that stays goes aside, and the view with its columns gets its name."""
    old, work, table = found.old_schema, found.work_schema, found.table
    texts = [
        f"alter sequence {q(old, sequence)} owned by none" for sequence, _ in _sequences(conn, old, table)
    ]
    texts.append(f"alter table {q(old, table)} set schema {q(work)}")
    texts.append(
        f"alter view {q(work, 'now_' + table)} set schema {q(old)}; alter view {q(old, 'now_' + table)} rename to {q(table)}"
    )
    for right, role in _grants(conn, old, table):
        texts.append(f"grant {right} on {q(old, table)} to {role}")
        texts += found.granted(role) if right == "SELECT" else []
    texts.append(f"grant select on {q(old, table)} to mainstem_owner")
    return texts


def old_ids(program: Program, relation: Relation) -> str:
    whole, mapping = program.whole, program.mapping
    if relation is whole.run:
        new_id, of = (
            "r.run_id",
            f"mainstem_consolidation.workflow_of v where v.source = {lit(mapping.system)} and v.workflow_id = r.workflow_id",
        )
    else:
        new_id, of = (
            "r.step_id",
            f"{IDS} v where {whole.ids_of('v', whole.run.table if whole.run else '')} and v.new_id = r.run_id",
        )
    return (
        f"with given as (\ninsert into {IDS} (source, old_table, old_key, new_id)\n"
        f"select {lit(mapping.system)}, {lit(relation.table)}, ({relation.key.default or 'null'})::text, {new_id} from mainstem.{relation.target} r\n"
        f" where exists (select from {of}) and not exists (select from {IDS} k where k.new_id = {new_id})\n"
        "returning new_id)\n"
        f"insert into mainstem_consolidation.written_since (source, new_id) select distinct {lit(mapping.system)}, mainstem.run_of(new_id) from given"
    )


def old_ids_of_elements(program: Program, unpacked: Unpacked) -> str:
    whole, system = program.whole, program.mapping.system
    return (
        f"insert into {IDS} (source, old_table, old_key, new_id)\n"
        f"select {lit(system)}, {lit(unpacked.table)}, v.old_key || '/' || r.step_number, r.step_id\n"
        f"  from mainstem.{unpacked.step.target} r join {IDS} v on {whole.ids_of('v', unpacked.run.table)} and v.new_id = r.run_id\n"
        f" where not exists (select from {IDS} k where k.new_id = r.step_id)\n    on conflict do nothing"
    )


def _owned(conn: Connection, program: Program) -> list[list[str]]:
    """Table, column and sequence of each number that the old tables count up."""
    schema = program.mapping.old_schema
    return [
        [table, column, sequence]
        for table in [*program.tables, *(found.table for found in program.thinned)]
        for sequence, column in _sequences(conn, schema, table)
    ]


def _sequences(conn: Connection, schema: str, table: str) -> list[tuple[str, str]]:
    return conn.execute(
        "select s.relname, a.attname from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'\n"
        "  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid\n"
        " where d.refobjid = %s::regclass and d.deptype = 'a' and d.classid = 'pg_class'::regclass",
        [q(schema, table)],
    ).fetchall()


def _grants(conn: Connection, schema: str, table: str) -> list[tuple[str, str]]:
    """Rights of others than the owner, and the owner's: a view asks for them too."""
    rows = conn.execute(
        "select a.privilege_type, case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end\n"
        "  from pg_class c cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a\n"
        " where c.oid = %s::regclass and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')",
        [q(schema, table)],
    ).fetchall()
    return [(str(right), str(role)) for right, role in rows]


def _install_functions(conn: Connection, program: Program, plan: Plan) -> None:
    """The preset's functions, when it has some; the old ones of the same names are kept for the way back.

    Before the switch, as they serve tables and views alike: a call that waits for the locks goes on with the text it began with.
    """
    place = files("mainstem.consolidate").joinpath("presets", program.mapping.system, "functions.sql")
    if not place.is_file():
        return
    text = (
        place.read_text(encoding="utf-8")
        .replace("{old}", q(program.mapping.old_schema))
        .replace("{source}", lit(program.mapping.system))
    )
    with conn.transaction():
        if not plan.facts.get("functions_before"):
            before = functions_of(conn, program.mapping.old_schema)
            remember(conn, program.mapping.system, functions_before=before)
        conn.execute(text)
