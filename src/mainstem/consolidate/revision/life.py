"""The life of a consolidation as far as a revision takes it: forward to the switch, or back behind it.

Whatever was done before is not done again: a team may copy for days with `mainstem consolidate copy`, and leave the revision the proof
and the switch. Killed anywhere, Alembic's next call goes on.
"""

from __future__ import annotations

import logging

from alembic.runtime.migration import MigrationContext

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.text import lit, q
from mainstem.consolidate.inspect import inspect, postgres
from mainstem.consolidate.life import (
    Connection,
    Plan,
    adopt,
    compiled,
    copy,
    cut_over,
    find_plan,
    read_plan,
    refuse_unbacked,
    remember,
    roll_back,
    verify,
)
from mainstem.consolidate.life import abandon as drop_copies
from mainstem.consolidate.mapping import Mapping, read_mapping
from mainstem.consolidate.report import inspected_facts
from mainstem.consolidate.revision.place import migrated_by
from mainstem.errors import BadArgument, PhaseRefused, RevisionRefused
from mainstem.ledger.catalog import installed_code, refuse_misfit
from mainstem.ledger.install import upgrade as install
from mainstem.postgres import connect

PATIENCE = 60.0
"""Seconds that the switch goes on asking for its locks."""
BACK_TO = ("copied", "planned")
_LOG = logging.getLogger("alembic.mainstem")
"""Heard wherever Alembic's own steps are."""


def upgrade(
    context: MigrationContext, text: str, *, without_backup: str = "", patience: float = PATIENCE
) -> None:
    """Take the consolidation of this mapping over its switch: adopt, copy, verify, cut over, each unless it is done.

    context: `op.get_context()`. text: the mapping. without_backup: why rows move without a backup; where the plan has one, or the old
    tables are empty, none is asked for. Where the database has no ledger, it is installed. Written with `--sql`, it asks whether the
    switch was made, as no script can make it.
    Raises RevisionRefused, PhaseRefused, and what each step raises; what was done by then stays done.
    """
    mapping = in_this_database(read_mapping(text))
    if context.as_sql:
        _ask_offline(context, mapping.system, ("cut_over", "finished"), "copy, verify and cutover")
        return
    with migrated_by(context, mapping.system) as (conn, where):
        _install_ledger(where)
        plan = _adopted(conn, mapping, text, where)
        if plan.phase != "finished":
            _forward(conn, plan, without_backup, patience)


def downgrade(
    context: MigrationContext, text: str, *, to: str = "copied", patience: float = PATIENCE
) -> None:
    """Give the old tables their names again, with what was written since.

    to: "copied" keeps the copy, so that going forward again costs a proof and a switch; "planned" drops it, and all that was installed
    beside the old tables, as it must be before an older revision that changes them.
    Raises NotLossless when the old tables cannot hold what was written since, PhaseRefused when it is finished.
    """
    if to not in BACK_TO:
        raise BadArgument(f"downgrade to {to!r}", hint=f"one of {', '.join(BACK_TO)}")
    system = read_mapping(text).system
    if context.as_sql:
        _ask_offline(context, system, ("planned", "expanded", "copied", "verified"), "rollback")
        return
    with migrated_by(context, system) as (conn, _):
        plan = find_plan(conn, system)
        if plan is not None:
            _back(conn, plan, to, patience)


def in_this_database(mapping: Mapping) -> Mapping:
    """Raises RevisionRefused for a mapping whose old tables are not where the history is."""
    if mapping.source.kind != "postgres":
        raise RevisionRefused(
            f"the old tables of {mapping.system} are in another place ({mapping.source.kind}), which no revision migrates",
            hint="take it through its life with `mainstem consolidate`",
        )
    return mapping


def _install_ledger(where: str) -> None:
    with connect(where, role=None, application_name="mainstem revision") as conn:
        if installed_code(conn) is None:
            _LOG.info("the ledger is installed")
            install(conn)
        refuse_misfit(conn)


def _adopted(conn: Connection, mapping: Mapping, text: str, where: str) -> Plan:
    """The plan of this mapping. Raises PhaseRefused for one that is under way with another."""
    plan = find_plan(conn, mapping.system)
    if plan is not None and (plan.phase != "planned" or plan.mapping == text):
        if plan.mapping != text:
            raise PhaseRefused(
                f"{mapping.system} is {plan.phase}, with another mapping than the one beside the revision",
                hint="put the mapping that it has beside the revision, or `mainstem consolidate rollback --to planned` first",
            )
        return plan
    _LOG.info("%s: adopted", mapping.system)
    adopt(conn, text)
    with postgres(where, schema=mapping.old_schema) as reader:
        remember(conn, mapping.system, found=inspected_facts(inspect(reader, reader.survey()), mapping))
    return read_plan(conn, mapping.system)


def _forward(conn: Connection, plan: Plan, without_backup: str, patience: float) -> None:
    system = plan.source
    if plan.phase in ("planned", "expanded", "copied"):
        program = compiled(conn, plan)
        refuse_unbacked(conn, plan, reason=without_backup or _why_none_is_needed(conn, program))
        copied = copy(conn, program, plan)
        _LOG.info("%s: copied, %s", system, ", ".join(f"{table} {rows:,}" for table, rows in copied.items()))
        proof = verify(conn, compiled(conn, plan), read_plan(conn, system))
        _LOG.info("%s: proved, %d comparisons equal", system, len(proof.compared))
    plan = read_plan(conn, system)
    switched = cut_over(conn, compiled(conn, plan), plan, patience=patience)
    _LOG.info("%s: cut over, locked for %.0f ms", system, switched.locked_ms)


def _why_none_is_needed(conn: Connection, program: Program) -> str:
    """Of a database that a history is applied to from its beginning: there is nothing to lose."""
    tables = [q(program.mapping.old_schema, table) for table in program.tables]
    are_filled = any(conn.execute(f"select exists (select from {table})").fetchone() == (True,) for table in tables)  # fmt: skip
    return "" if are_filled else "the old tables were empty"


def _back(conn: Connection, plan: Plan, to: str, patience: float) -> None:
    if plan.phase == "finished":
        raise PhaseRefused(
            f"{plan.source} is finished: its old tables are gone", hint="Its backup is the way back."
        )
    if plan.phase == "cut_over":
        roll_back(conn, compiled(conn, plan), plan, patience=patience)
        _LOG.info("%s: the old tables have their names again", plan.source)
    if to == "planned":
        drop_copies(conn, compiled(conn, read_plan(conn, plan.source)))
        _LOG.info("%s: the copy is dropped", plan.source)


def _ask_offline(context: MigrationContext, system: str, phases: tuple[str, ...], verbs: str) -> None:
    """Into the script that a DBA runs: it stops unless the commands have done their part."""
    wanted = ", ".join(map(lit, phases))
    told = lit(f"{system}: no script can make the switch; before this one, run mainstem consolidate {verbs}")
    context.impl.static_output(f"-- {system}: every statement of it is told by `mainstem consolidate sql {system}`")  # fmt: skip
    context.impl.static_output(
        "do $$ declare phase text; begin\n"
        "  if to_regclass('mainstem_consolidation.plan') is not null then\n"
        f"    execute $q$select p.phase from mainstem_consolidation.plan p where p.source = {lit(system)}$q$ into phase;\n"
        "  end if;\n"
        f"  if coalesce(phase, 'planned') not in ({wanted}) then raise exception using message = {told}; end if;\nend $$;"
    )
