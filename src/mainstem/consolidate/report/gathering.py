"""Gathering: a report's facts out of what a consolidation keeps, its plan, journal, quarantine and proofs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from mainstem.consolidate.inspect import Inspection
from mainstem.consolidate.life import Connection, Plan, compiled, losses, set_aside
from mainstem.consolidate.life.limits import LIMITS
from mainstem.consolidate.mapping import Context, Elements, Mapping, Row, Stays, read_mapping
from mainstem.consolidate.report.facts import (
    Backup,
    Decision,
    Dropped,
    Found,
    Lock,
    Moved,
    Report,
    Return,
    WayBack,
)
from mainstem.consolidate.report.times import Entry, phases

SHOWN = 20
"""Losses that are told one by one."""


def inspected_facts(found: Inspection, mapping: Mapping) -> list[dict[str, Any]]:
    """What the plan keeps of an inspection: the mapping's tables, with what is odd in them and where dropped columns are filled."""
    return [
        {
            "table": table.name,
            "rows": table.rows,
            "size": table.bytes,
            "oddities": [
                f"{f'{one.column}: ' if one.column else ''}{one.means} ({one.rows:,})"
                for one in found.oddities
                if one.table == table.name
            ],
            "filled": {
                column: table.rows - table.nulls.get(column, 0)
                for column in _dropped_columns(mapping.tables[table.name])
                if not table.sampled
            },
        }
        for table in found.tables
        if table.name in mapping.tables
    ]


def gathered(conn: Connection, plan: Plan) -> Report:
    """The report of now. Counts and digests are those of the last proof."""
    mapping = read_mapping(plan.mapping)
    entries = [
        Entry(*row)
        for row in conn.execute(
            "select at, phase, facts from mainstem_consolidation.journal where source = %s order by at", [plan.source]
        ).fetchall()
    ]  # fmt: skip
    proof: dict[str, Any] = next((entry.facts for entry in reversed(entries) if entry.is_proof), {})
    back = {one["name"].split(" ← ")[0]: one for one in proof.get("compared", []) if " ← " in one["name"]}
    return Report(
        system=plan.source,
        source=plan.whereabouts or f"{conn.info.dbname}, schema {mapping.old_schema}",
        target=f"{conn.info.dbname}, schema mainstem",
        phase=plan.phase.replace("_", " "),
        written_at=datetime.now(UTC),
        found=tuple(
            Found(one["table"], one["rows"], one["size"], tuple(one["oddities"]))
            for one in plan.facts.get("found", [])
        ),
        decided=tuple(_decided(mapping, entries)),
        moved=tuple(_moved(conn, mapping, plan, back)),
        left_out=proof.get("left_out", 0),
        dropped=(*_dropped(conn, mapping, plan), *_dropped_of_ours(entries)),
        phases=tuple(phases(entries)),
        locks=tuple(lock for entry in entries for lock in _locks(list(back), entry)),
        backup=_backup(plan),
        way_back=_way_back(conn, plan),
        limits=tuple(f"{limit.name}: {limit.instead}" for limit in LIMITS),
    )


def _decided(mapping: Mapping, entries: list[Entry]) -> Iterator[Decision]:
    adopted = next((entry for entry in reversed(entries) if "by" in entry.facts), None)
    by, at = (adopted.facts["by"], adopted.at) if adopted else ("", None)
    for decision in mapping.decisions.values():
        yield Decision(decision.question, str(decision.answer), by, at)
    for oddity, why in mapping.accepts.items():
        yield Decision(f"May it be moved in spite of this: {oddity}?", why, by, at)
    for entry in entries:
        if reason := entry.facts.get("without_backup"):
            yield Decision("May it be copied without a backup?", str(reason), at=entry.at)
        if entry.facts.get("rolled_back") and (lost := entry.facts.get("lost")):
            yield Decision(
                "May values be lost on the way back?", f"{lost} were, by --accept-loss", at=entry.at
            )


def _moved(conn: Connection, mapping: Mapping, plan: Plan, back: dict[str, Any]) -> Iterator[Moved]:
    aside = set_aside(conn, plan.source)
    for table, said in mapping.moving.items():
        if one := back.get(table):
            yield Moved(
                table,
                becomes(said),
                one["rows"],
                one["other_rows"],
                _short(one["digest"]),
                _short(one["digest"]) if one["is_equal"] else "another",
                sum(each.rows for each in aside if each.table == table),
            )


def becomes(said: Any) -> str:
    """What an old table's rows are now, in a few words."""
    match said:
        case Elements():
            lists = [f"step.{said.into.step}" if said.into.step else "", f"run.{said.into.run}"]
            return " ".join(filter(None, lists))
        case Context():
            return "run.context"
        case Row():
            return said.into
    return str(said.becomes)


def _short(digest: str) -> str:
    """Two sums of 64 bits each, as hexadecimal."""
    return "".join(f"{int(part) % 2**64:016x}" for part in digest.split(":"))


def _dropped_columns(said: Any) -> dict[str, str]:
    if isinstance(said, Stays):
        gone = {
            name: why if isinstance(why, str) else f"{why.reason}: {why.sql}"
            for name, why in said.without.items()
        }
        return gone | (said.mirror.drop if said.mirror else {})
    dropped: dict[str, str] = said.drop
    return dropped


def _dropped(conn: Connection, mapping: Mapping, plan: Plan) -> Iterator[Dropped]:
    filled = {one["table"]: one["filled"] for one in plan.facts.get("found", [])}
    for table, said in mapping.tables.items():
        for column, why in _dropped_columns(said).items():
            yield Dropped(f"{table}.{column}", why, filled.get(table, {}).get(column))
    for one in set_aside(conn, plan.source):
        yield Dropped(one.table, f"set aside, as they were: {one.reason}", one.rows)


def _dropped_of_ours(entries: list[Entry]) -> Iterator[Dropped]:
    for entry in entries:
        for column in entry.facts.get("columns_dropped", []):
            yield Dropped(f"mainstem.{column}", "on request: the id map has every old id")


def _locks(moved: list[str], entry: Entry) -> Iterator[Lock]:
    for table, held in entry.facts.get("held_ms", {}).items():
        yield Lock(table, "share row exclusive", timedelta(milliseconds=held))
    if (locked := entry.facts.get("locked_ms")) is not None:
        mode = "share row exclusive" if entry.facts.get("rolled_back") else "access exclusive"
        on = "mainstem.*" if entry.facts.get("rolled_back") else " ".join(moved)
        yield Lock(on, mode, timedelta(milliseconds=locked))


def _backup(plan: Plan) -> Backup | None:
    """What is remembered was proved, or it would not be remembered."""
    said = plan.facts.get("backup")
    if not said:
        return None
    return Backup(
        said["place"],
        said["size"],
        datetime.fromisoformat(said["taken_at"]),
        datetime.fromisoformat(said["proved_at"]),
        digests_equal=True,
    )


def _restoring(plan: Plan, said: dict[str, Any]) -> str:
    file = f"{said['place']}/{said['file']}"
    return f"cp {file} {plan.file}" if plan.file else f"pg_restore --clean --if-exists --dbname=URL {file}"


def _way_back(conn: Connection, plan: Plan) -> WayBack:
    if plan.phase == "finished":
        said = plan.facts.get("backup")
        command = _restoring(plan, said) if said else ""
        return WayBack(Return.RESTORE, command, costs=() if said else ("There is no backup.",))
    if plan.phase != "cut_over":
        return WayBack(Return.LOSSLESS, f"mainstem consolidate rollback {plan.source} --to planned")
    lost = losses(conn, compiled(conn, plan))
    costs = [f"{loss.table} {loss.key}, {loss.column}: {loss.why}" for loss in lost[:SHOWN]]
    costs += [f"and {len(lost) - SHOWN} more"] if len(lost) > SHOWN else []
    accepting = " --accept-loss" if lost else ""
    return WayBack(
        Return.LOSSY if lost else Return.LOSSLESS,
        f"mainstem consolidate rollback {plan.source}{accepting}",
        costs=tuple(costs),
    )
