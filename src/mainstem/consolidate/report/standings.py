"""Standings: every consolidation of an installation as a server may show it, from counts, times and names alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstem.consolidate.life.plan import PHASES
from mainstem.consolidate.mapping import read_mapping
from mainstem.consolidate.report.gathering import becomes
from mainstem.consolidate.report.times import Entry, phases
from mainstem.errors import NotFound, SchemaOlder
from mainstem.ledger.call import Call, Row


@dataclass(frozen=True, slots=True)
class Entered:
    """Work on a consolidation: what was done, when it began, how long it took, and what came of it."""

    name: str
    entered_at: datetime
    seconds: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of the journal, without any value of a row."""

    at: datetime
    phase: str
    what: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """One comparison of the last proof: what a table's rows become (→), or what is there, turned back (←)."""

    table: str
    target: str
    direction: str
    old_rows: int
    new_rows: int
    digest: str
    digest_equal: bool
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Rows that were set aside, as they were, by a decision."""

    table: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Reader:
    """An old table, and how often it was read or written since the switch. Told up to a minute late: it must not grow."""

    name: str
    reads_since_cutover: int


@dataclass(frozen=True, slots=True)
class LostColumn:
    """Values that the old column cannot hold."""

    table: str
    column: str
    why: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """A rollback now. lossless None: nobody has looked; `mainstem consolidate status` does."""

    possible: bool
    lossless: bool | None
    losses: list[LostColumn]
    changed_since: int
    """Runs and definitions that were written since the switch, and that it takes along."""
    command: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consolidation:
    """An old system on its way."""

    system: str
    phase: str
    next: str | None
    """The command that comes next."""
    is_held: bool
    """Somebody is at it now."""
    began_at: datetime
    updated_at: datetime
    cut_over_at: datetime | None
    has_backup: bool
    phases: list[Entered]
    parity: list[Parity]
    drift: int
    """Changes of old code that are logged, and not folded yet."""
    readers: list[Reader]
    quarantine: list[Quarantined]
    journal: list[Noted]
    can_finish: bool
    why_not: str | None
    rollback: WayBack


@dataclass(frozen=True, slots=True)
class Consolidations:
    """All of them. note: why there is none."""

    consolidations: list[Consolidation]
    note: str | None


@dataclass(frozen=True, slots=True)
class Ground:
    """Whether a consolidation was ever begun here, and whether what it was begun with tells of itself."""

    exists: bool
    tells: bool


NONE = (
    "No consolidation was ever begun in this database: `mainstem consolidate inspect` looks for old tables."
)


def ground() -> Call[Ground]:
    """Asked first: a statement cannot name what may not be there."""
    return Call(
        "select exists (select from pg_namespace where nspname = 'mainstem_consolidation') as exists,"
        " exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'mainstem_consolidation' and p.proname = 'standing') as tells"
        " from mainstem.organization where org_id = mainstem.current_org()",  # so that a ledger that is shut says so
        [],
        lambda rows: Ground(**rows[0]) if rows else Ground(exists=False, tells=False),
    )


def refuse_older(found: Ground) -> None:
    """Raises SchemaOlder for a ground that an older version made."""
    if found.exists and not found.tells:
        raise SchemaOlder(
            "the consolidation here was begun by an older version",
            hint="run `mainstem consolidate adopt FILE` again",
        )


def standings() -> Call[list[Consolidation]]:
    """All that was begun. The losses of a way back are told of one only."""
    return Call("select mainstem_consolidation.standing() as told", [], lambda rows: _all(rows[0]))


def standing_of(system: str) -> Call[Consolidation]:
    """One. Raises NotFound."""

    def one(rows: list[Row]) -> Consolidation:
        found = _all(rows[0])
        if not found:
            raise no_consolidation(system)
        return found[0]

    return Call("select mainstem_consolidation.standing(%s) as told", [system], one)


def no_consolidation(system: str) -> NotFound:
    return NotFound(f"no consolidation of {system[:63]!r} here", hint="list the consolidations")


def _all(row: Row) -> list[Consolidation]:
    return [_consolidation(told) for told in row["told"]]


def _consolidation(told: Mapping[str, Any]) -> Consolidation:
    entries = [
        Entry(datetime.fromisoformat(one["at"]), one["phase"], one["facts"]) for one in told["journal"]
    ]
    source, phase = told["source"], told["phase"]
    readers = _readers(told) if phase == "cut_over" else []
    why_not = _why_not(phase, readers)
    return Consolidation(
        system=source,
        phase=phase,
        next=_next(told),
        is_held=told["is_held"],
        began_at=datetime.fromisoformat(told["created_at"]),
        updated_at=datetime.fromisoformat(told["updated_at"]),
        cut_over_at=_cut_over_at(entries) if phase in ("cut_over", "finished") else None,
        has_backup=told["has_backup"],
        phases=[
            Entered(one.name, one.began_at, one.took.total_seconds(), one.attempts) for one in phases(entries)
        ],
        parity=_parity(told["mapping"], entries),
        drift=told["drift"],
        readers=readers,
        quarantine=[Quarantined(**one) for one in told["quarantine"]],
        journal=[Noted(one.at, one.phase, one.name, one.facts) for one in entries],
        can_finish=why_not is None,
        why_not=why_not,
        rollback=_way_back(told),
    )


def _next(told: Mapping[str, Any]) -> str | None:
    verbs = {
        "planned": "copy" if told["is_safe"] else "backup",
        "expanded": "copy",
        "copied": "verify",
        "verified": "cutover",
        "cut_over": "finish",
    }
    verb = verbs.get(told["phase"])
    return None if verb is None else f"mainstem consolidate {verb} {told['source']}"


def _cut_over_at(entries: list[Entry]) -> datetime | None:
    switched = [entry.at for entry in entries if entry.phase == "cut_over" and "locked_ms" in entry.facts]
    return max(switched, default=None)


def _parity(mapping: str, entries: list[Entry]) -> list[Parity]:
    """Of the last proof, whether it held or not. What came after a way back to the plan counts for nothing any more."""
    proof = next((entry for entry in reversed(entries) if entry.is_proof or "abandoned" in entry.facts), None)
    if proof is None or not proof.is_proof:
        return []
    moving = read_mapping(mapping).moving
    return [_compared(one, moving, proof.at) for one in proof.facts["compared"]]


def _compared(one: Mapping[str, Any], moving: Mapping[str, Any], at: datetime) -> Parity:
    direction = "→" if " → " in one["name"] else "←"
    table = one["name"].split(f" {direction} ")[0]
    return Parity(
        table=table, target=becomes(moving[table]) if table in moving else "", direction=direction,
        old_rows=one["rows"], new_rows=one["other_rows"], digest=one["digest"], digest_equal=one["is_equal"], checked_at=at,
    )  # fmt: skip


def _readers(told: Mapping[str, Any]) -> list[Reader]:
    before = told["reads_before"]
    return [
        Reader(table, max(count - before.get(table, 0), 0)) for table, count in sorted(told["reads"].items())
    ]


def _why_not(phase: str, readers: list[Reader]) -> str | None:
    """The drop gate: old tables go when nobody reads them any more."""
    if phase == "finished":
        return "it is finished: the old tables are gone"
    if phase != "cut_over":
        following = PHASES[PHASES.index(phase) + 1] if phase in PHASES else "cut_over"
        return f"it is {phase.replace('_', ' ')}: {following.replace('_', ' ')} comes next"
    reading = [one for one in readers if one.reads_since_cutover]
    if reading:
        told = ", ".join(f"{one.name} {one.reads_since_cutover:,} times" for one in reading)
        return f"old tables were read since the switch: {told}; it must not grow"
    return None


def _way_back(told: Mapping[str, Any]) -> WayBack:
    phase, source = told["phase"], told["source"]
    if phase == "finished":
        return WayBack(possible=False, lossless=None, losses=[], changed_since=0, command=None)
    if phase != "cut_over":
        command = f"mainstem consolidate rollback {source} --to planned"
        return WayBack(possible=True, lossless=True, losses=[], changed_since=0, command=command)
    lost = [
        LostColumn(one["old_table"], one["old_column"], one["why"], one["lost"])
        for one in told["losses"] or ()
    ]
    is_known = told["losses"] is not None or told["written_since"] == 0
    accepting = " --accept-loss" if lost else ""
    return WayBack(
        possible=True,
        lossless=not lost if is_known else None,
        losses=lost,
        changed_since=told["written_since"],
        command=f"mainstem consolidate rollback {source}{accepting}",
    )
