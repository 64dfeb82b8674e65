"""The standing of a consolidation: its phase, what comes next, what is left, what was set aside, what a way back would cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.relation import Relation
from mainstem.consolidate.life.catch_up import backlog
from mainstem.consolidate.life.finish import days_of_soak, still_read
from mainstem.consolidate.life.losses import Loss, losses
from mainstem.consolidate.life.plan import IS_OVER, PLAN, Plan
from mainstem.consolidate.life.session import Connection


@dataclass(frozen=True)
class Copied:
    """Rows of one table of roots, definitions or runs: whatever hangs on them goes with them."""

    table: str
    copied: int
    left: int


@dataclass(frozen=True)
class SetAside:
    """Rows in quarantine, by their reason."""

    table: str
    reason: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything that somebody who comes back to it wants to know."""

    system: str
    phase: str
    next: str
    is_held: bool
    """Whether somebody is at it now."""
    backup: dict[str, Any] | None
    backlog: int
    copied: list[Copied]
    quarantine: list[SetAside]
    losses: list[Loss]
    still_read: dict[str, int]
    days_since_cutover: float | None


def standing(conn: Connection, plan: Plan, program: Program | None) -> Standing:
    """`program` is None for a plan that is finished: its old tables are gone."""
    is_over = plan.phase == "cut_over" and program is not None
    return Standing(
        system=plan.source,
        phase=plan.phase,
        next=following(plan),
        is_held=_is_held(conn, plan.source),
        backup=plan.facts.get("backup"),
        backlog=backlog(conn, plan.source),
        copied=[copied(conn, plan, program, root) for root in program.whole.roots()] if program else [],
        quarantine=set_aside(conn, plan.source),
        losses=losses(conn, program) if is_over and program else [],
        still_read=still_read(conn, program, plan) if is_over and program else {},
        days_since_cutover=days_of_soak(conn, plan.source) if is_over else None,
    )


def following(plan: Plan) -> str:
    """The next command; none when it is finished."""
    is_safe = plan.facts.get("backup") or plan.facts.get("without_backup")
    verbs = {
        "planned": "copy" if is_safe else "backup",
        "expanded": "copy",
        "copied": "verify",
        "verified": "cutover",
        "cut_over": "finish",
    }
    ends = {"backup": " --to DIRECTORY", "finish": f" --typed {plan.source}, or rollback"}
    verb = verbs.get(plan.phase)
    return f"mainstem consolidate {verb} {plan.source}{ends.get(verb, '')}" if verb else ""


def copied(conn: Connection, plan: Plan, program: Program, root: Relation) -> Copied:
    """What has ids, and what the cursor has before it."""
    row = conn.execute(
        "select count(*) from mainstem_consolidation.consolidation_id where source = %s and old_table = %s",
        [plan.source, root.table],
    ).fetchone()
    left = 0
    if plan.phase in ("planned", "expanded"):
        after = {"after": plan.cursors.get(root.table)}
        [left] = conn.execute(program.apply(root).roots_left, after).fetchone() or (0,)
    return Copied(root.table, int(row[0]) if row else 0, int(left))


def set_aside(conn: Connection, source: str) -> list[SetAside]:
    rows = conn.execute(
        "select old_table, reason, count(*) from mainstem_consolidation.quarantine where source = %s group by 1, 2 order by 1, 2",
        [source],
    ).fetchall()
    return [SetAside(table, reason, int(count)) for table, reason, count in rows]


def _is_held(conn: Connection, source: str) -> bool:
    row = conn.execute(
        f"select p.lease_until is not null and not ({IS_OVER}) from {PLAN} p where p.source = %s",
        [source],
    ).fetchone()
    return bool(row and row[0])
