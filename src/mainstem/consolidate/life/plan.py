"""Where a consolidation stands: a row in the database, with a token that fences out whoever was slower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

from psycopg import errors
from psycopg.types.json import Jsonb

from mainstem.consolidate.compile import Program, compile_mapping
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.mapping import read_mapping
from mainstem.errors import BadArgument, OldSchemaChanged, PhaseRefused

PHASES = ("planned", "expanded", "copied", "verified", "cut_over", "finished")
LEASE = "60 seconds"
BEGIN = (
    "Begin with `mainstem consolidate plan`, answer its questions, then `mainstem consolidate adopt FILE`."
)
PLAN = "mainstem_consolidation.plan"

IS_OVER = "(p.lease_until < clock_timestamp() or not exists (select from pg_stat_activity a where a.pid = p.holder))"

_FINGERPRINT = """
select md5(coalesce(string_agg(f.fact, E'\\n' order by f.fact), '')) from (
  select format('%%s.%%s %%s %%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) as fact
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   where c.relnamespace = %(schema)s::regnamespace and c.relname = any(%(tables)s)
  union all
  select format('%%s %%s %%s', c.relname, k.conname, pg_get_constraintdef(k.oid)) from pg_constraint k join pg_class c on c.oid = k.conrelid
   where c.relnamespace = %(schema)s::regnamespace and c.relname = any(%(tables)s) and k.contype in ('p', 'u', 'f')
  union all
  select format('%%s %%s %%s', c.relname, t.tgname, t.tgenabled) from pg_trigger t join pg_class c on c.oid = t.tgrelid
   where c.relnamespace = %(schema)s::regnamespace and c.relname = any(%(tables)s) and t.tgname like 'mainstem_consolidation_%%'
) f
"""
"""Columns, keys and our triggers: what must not change while rows move."""


@dataclass(frozen=True)
class Plan:
    """As it stood when it was read."""

    source: str
    mapping: str
    phase: str
    facts: dict[str, Any]
    cursors: dict[str, Any]
    old_fingerprint: str | None

    @property
    def file(self) -> Path | None:
        """The SQLite file that the old tables are landed from."""
        return Path(self.facts["file"]) if "file" in self.facts else None

    @property
    def whereabouts(self) -> str:
        """The file or the address, without a password, that the old tables are landed from; empty for tables of this database."""
        return str(self.facts.get("file") or self.facts.get("server") or "")


def install_ground(conn: Connection) -> None:
    """Tables and functions of all consolidations; twice is once."""
    text = files("mainstem.consolidate").joinpath("sql", "ground.sql").read_text(encoding="utf-8")
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtext('mainstem_consolidation'))")
        conn.execute(text)
        for table in (
            "plan",
            "journal",
            "consolidation_id",
            "dirty",
            "written_since",
            "quarantine",
            "stray",
            "beside",
            "workflow_of",
        ):
            conn.execute(f"alter table mainstem_consolidation.{table} owner to mainstem_owner")


def adopt(conn: Connection, text: str) -> Plan:
    """Begin with this mapping, or change the mapping of one that has copied nothing yet. Raises MappingRefused, PhaseRefused."""
    mapping = read_mapping(text)
    install_ground(conn)
    compile_mapping(mapping, conn)
    with conn.transaction():
        conn.execute(
            f"insert into {PLAN} as p (source, mapping, phase) values (%s, %s, 'planned')"
            " on conflict (source) do update set mapping = excluded.mapping, updated_at = clock_timestamp() where p.phase = 'planned'",
            [mapping.system, text],
        )
        plan = read_plan(conn, mapping.system)
        if plan.mapping != text:
            raise PhaseRefused(
                f"{mapping.system} is {plan.phase}, with another mapping",
                hint=f"Go on with the mapping it has, or `mainstem consolidate rollback {mapping.system} --to planned` first.",
            )
        note(conn, mapping.system, "planned", {"by": conn.info.user})
    return plan


def the_plan(conn: Connection, system: str = "") -> Plan:
    """The plan of this system, or the only one there is. Raises PhaseRefused for none, BadArgument for several."""
    if system:
        return read_plan(conn, system)
    try:
        found = [name for (name,) in conn.execute(f"select source from {PLAN} order by source").fetchall()]
    except errors.UndefinedTable:
        found = []
    if not found:
        raise PhaseRefused("there is no plan", hint=BEGIN)
    if len(found) > 1:
        raise BadArgument(f"there are plans of {', '.join(found)}", hint=f"name the system: {found[0]}")
    return read_plan(conn, found[0])


def read_plan(conn: Connection, source: str) -> Plan:
    """Raises PhaseRefused when there is none."""
    plan = find_plan(conn, source)
    if plan is None:
        raise PhaseRefused(f"there is no plan for {source}", hint=BEGIN)
    return plan


def find_plan(conn: Connection, source: str) -> Plan | None:
    """The plan of this system; None where nobody has begun one."""
    return next((plan for plan in every_plan(conn) if plan.source == source), None)


def every_plan(conn: Connection) -> list[Plan]:
    """By their names; none where nothing was ever consolidated."""
    try:
        rows = conn.execute(
            f"select source, mapping, phase, facts, cursors, old_fingerprint from {PLAN} order by source"
        ).fetchall()
    except errors.UndefinedTable:
        return []
    return [Plan(*row) for row in rows]


def planned(conn: Connection, source: str) -> Plan | None:
    """The plan, where there is one already."""
    row = conn.execute("select to_regclass(%s) is not null", [PLAN]).fetchone()
    if row and row[0] and conn.execute(f"select 1 from {PLAN} where source = %s", [source]).fetchone():
        return read_plan(conn, source)
    return None


def compiled(conn: Connection, plan: Plan) -> Program:
    """The plan's mapping, compiled against the old tables where they are now."""
    return compile_mapping(read_mapping(plan.mapping), conn, moved=plan.phase == "cut_over")


@contextmanager
def holding(conn: Connection, source: str, *phases: str) -> Iterator[UUID]:
    """Work on a plan that stands in one of these phases, alone. Raises PhaseRefused for another phase, or another worker."""
    token = uuid4()
    row = conn.execute(
        f"update {PLAN} p set token = %s, lease_until = clock_timestamp() + interval '{LEASE}', holder = pg_backend_pid()"
        f" where source = %s and phase = any(%s) and (lease_until is null or {IS_OVER}) returning phase",
        [token, source, list(phases)],
    ).fetchone()
    if row is None:
        _refuse(conn, source, phases)
    try:
        yield token
    finally:
        if not conn.closed:
            conn.execute(
                f"update {PLAN} set token = null, lease_until = null, holder = null where source = %s and token = %s",
                [source, token],
            )


def _refuse(conn: Connection, source: str, phases: tuple[str, ...]) -> None:
    plan = read_plan(conn, source)
    if plan.phase in phases:
        raise PhaseRefused(
            f"somebody else is at {source}", hint=f"Wait; a lease lasts {LEASE} after its holder is gone."
        )
    raise PhaseRefused(
        f"{source} is {plan.phase}, not {' or '.join(phases)}",
        hint=_NEXT.get(plan.phase, "mainstem consolidate --help"),
    )


_NEXT = {
    "planned": "Next is `mainstem consolidate copy`.",
    "expanded": "Next is `mainstem consolidate copy`.",
    "copied": "Next is `mainstem consolidate verify`.",
    "verified": "Next is `mainstem consolidate cutover`.",
    "cut_over": "Next is `mainstem consolidate finish`, or `rollback`.",
    "finished": "It is finished; its backup is the way back.",
}


def renew(conn: Connection, source: str, token: UUID) -> None:
    """Within a transaction: still ours, and for longer. Raises PhaseRefused."""
    row = conn.execute(
        f"update {PLAN} set lease_until = clock_timestamp() + interval '{LEASE}' where source = %s and token = %s returning 1",
        [source, token],
    ).fetchone()
    if row is None:
        _refuse_taken_over(source)


def look_again(conn: Connection, source: str, token: UUID) -> None:
    """Within a transaction: ours in this snapshot. Unlike `renew` it keeps nobody waiting. Raises PhaseRefused."""
    held = conn.execute(f"select from {PLAN} where source = %s and token = %s", [source, token])
    if held.fetchone() is None:
        _refuse_taken_over(source)


def _refuse_taken_over(source: str) -> NoReturn:
    raise PhaseRefused(
        f"{source} was taken over",
        hint="Another process goes on with it; look at `mainstem consolidate status`.",
    )


def advance(conn: Connection, source: str, token: UUID, phase: str, **facts: Any) -> None:
    """Within a transaction: the plan enters a phase, and the journal says so."""
    renew(conn, source, token)
    conn.execute(
        f"update {PLAN} set phase = %s, facts = facts || %s, updated_at = clock_timestamp() where source = %s",
        [phase, Jsonb({phase: facts} if facts else {}), source],
    )
    note(conn, source, phase, facts)


def remember(conn: Connection, source: str, **facts: object) -> None:
    """What later steps need to know."""
    conn.execute(f"update {PLAN} set facts = facts || %s where source = %s", [Jsonb(facts), source])


def forget(conn: Connection, source: str, fact: str) -> None:
    """What was remembered."""
    conn.execute(f"update {PLAN} set facts = facts - %s::text where source = %s", [fact, source])


def note(conn: Connection, source: str, phase: str, facts: dict[str, Any]) -> None:
    """An entry in the journal."""
    conn.execute(
        "insert into mainstem_consolidation.journal (source, phase, facts) values (%s, %s, %s)",
        [source, phase, Jsonb(facts)],
    )


def fingerprint(conn: Connection, program: Program) -> str:
    row = conn.execute(
        _FINGERPRINT, {"schema": program.mapping.old_schema, "tables": program.tables}
    ).fetchone()
    return str(row[0]) if row else ""


def refuse_changed(conn: Connection, program: Program, plan: Plan) -> None:
    """Raises OldSchemaChanged when the old tables, or our triggers on them, are not as they were at the expansion."""
    if plan.old_fingerprint not in (None, fingerprint(conn, program)):
        raise OldSchemaChanged(
            "a column, a key or a trigger of ours on the old tables changed since the copy began",
            hint=f"Look at the tables; then `mainstem consolidate rollback {plan.source} --to planned` and copy again.",
        )
