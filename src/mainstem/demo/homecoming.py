"""Old tables come home: the sample of the `rcm` system, with a writer at it, taken through a consolidation, back, and forward again.

Each station does something and says what came of it; a fault is said, not raised, and fails the demo at its end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mainstem.consolidate import life
from mainstem.consolidate.compile import Program
from mainstem.consolidate.inspect import inspect, postgres
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.mapping import preset, read_mapping
from mainstem.consolidate.presets.rcm.sample.rows import grow, install
from mainstem.consolidate.presets.rcm.sample.writer import Writer, writing
from mainstem.postgres import connect

SYSTEM = "rcm"
OLD_RUNS = 300
"""Plain runs of ten steps beside those of the sample, which has every oddity of the old system."""
RATE = 40
"""Statements a second of the old application."""
LISTENED = 1.0
"""Seconds that the old application is left to itself after each switch."""
OLD_QUERY = "select trace_id, channel, status, workflow_name, total_steps, completed_steps from v_workflow_execution_summary where trace_id = 1001"


@dataclass
class Station:
    """What was done, what came of it, and what to look at."""

    title: str
    rows: list[dict[str, Any]]
    look: str
    faults: list[str] = field(default_factory=list)


def come_home(url: str) -> Iterator[Station]:
    """The stations in order; the database at `url` has the schema and nothing else."""
    with connect(url, role=None, application_name="old application") as old:
        install(old)
        grow(old, runs=OLD_RUNS)
    with life.migrator(url, SYSTEM) as conn:
        yield _inspected(url)
        plan = life.adopt(conn, preset(SYSTEM))
        yield _planned()
        with writing(url, rate=RATE) as [old_application]:
            began = time.monotonic()
            copied = life.copy(conn, life.compiled(conn, plan), plan)
            yield _copied(copied, time.monotonic() - began, old_application)
            yield from _there_and_back(conn, old_application)
            yield _switched(conn, "Forward again", old_application)
            old_application.stop()
        yield _nothing_lost(conn, old_application)


def _there_and_back(conn: Connection, old_application: Writer) -> Iterator[Station]:
    before = _asked(conn)
    yield _proved(conn)
    yield _switched(conn, "Cut over, while the old application writes", old_application)
    yield _answering(conn, before)
    yield _rolled_back(conn, old_application)


def _program(conn: Connection) -> tuple[Program, life.Plan]:
    plan = life.read_plan(conn, SYSTEM)
    return life.compiled(conn, plan), plan


def _inspected(url: str) -> Station:
    with postgres(url) as reader:
        found = inspect(reader, reader.survey())
    rows = [
        {"table": table.name, "rows": table.rows, "seems to be": table.role.value, "odd": sum(odd.table == table.name for odd in found.oddities)}
        for table in found.tables
        if table.name.startswith("workflow_")
    ]  # fmt: skip
    return Station(f"What is there: {len(found.tables)} old tables, {len(found.oddities)} oddities in their rows", rows,
                   "mainstem consolidate inspect")  # fmt: skip


def _planned() -> Station:
    mapping = read_mapping(preset(SYSTEM))
    rows = [
        {"decision": name.replace("_", " "), "answer": str(decision.answer)}
        for name, decision in list(mapping.decisions.items())[:6]
    ]
    return Station(
        f"The plan: {len(mapping.decisions)} decisions, none guessed",
        rows,
        f"mainstem consolidate plan --preset {SYSTEM}",
    )


def _copied(copied: dict[str, int], seconds: float, old_application: Writer) -> Station:
    rows = [{"table": table, "rows": count, "seconds": round(seconds, 1)} for table, count in copied.items()]
    said = old_application.tally.done.total()
    return Station(
        f"Copied under a live writer ({said} statements so far)",
        rows,
        "select * from mainstem.user_workflow_run where driver = 'recorded'",
    )


def _proved(conn: Connection) -> Station:
    program, plan = _program(conn)
    proof = life.verify(conn, program, plan)
    rows = [{"equal": one.is_equal, "rows": one.rows, "what": _shown(one.name)} for one in proof.compared]
    faults = [] if proof.holds else ["the proof does not hold"]
    return Station(
        f"Proved in {proof.seconds:.1f} s: unfold(fold(x)) = x for every row",
        rows,
        "mainstem consolidate verify",
        faults,
    )


def _shown(name: str) -> str:
    """A comparison's name without the schema of its views."""
    return name.replace(f"consolidation_{SYSTEM}.", "")


def _switched(conn: Connection, title: str, old_application: Writer) -> Station:
    program, plan = _program(conn)
    if plan.phase == "copied":
        life.copy(conn, program, plan)
        life.verify(conn, program, life.read_plan(conn, SYSTEM))
    said = old_application.tally.done.total()
    switched = life.cut_over(conn, program, life.read_plan(conn, SYSTEM))
    time.sleep(LISTENED)
    rows = [{"locks held, ms": switched.locked_ms, "last changes": switched.drained,
             "statements since": old_application.tally.done.total() - said}]  # fmt: skip
    return Station(title, rows, "\\d workflow_trace in psql: a view now")


def _asked(conn: Connection) -> list[tuple[Any, ...]]:
    with conn.transaction():
        conn.execute("set local search_path = public")
        conn.execute("set local row_security = on")
        return conn.execute(OLD_QUERY).fetchall()


def _answering(conn: Connection, before: list[tuple[Any, ...]]) -> Station:
    after = _asked(conn)
    names = ("trace_id", "channel", "status", "workflow", "steps", "completed")
    rows = [
        {"when": when, **dict(zip(names, row, strict=True))}
        for when, found in (("before", before), ("after", after))
        for row in found
    ]
    faults = [] if before == after else ["the old view answers otherwise than before"]
    return Station("The old queries answer by the old names", rows, OLD_QUERY.split(" from ")[1], faults)


def _rolled_back(conn: Connection, old_application: Writer) -> Station:
    program, plan = _program(conn)
    lost = life.losses(conn, program)
    said = old_application.tally.done.total()
    began = time.monotonic()
    life.roll_back(conn, program, plan)
    seconds = time.monotonic() - began
    time.sleep(LISTENED)
    rows = [{"what would be lost": len(lost), "seconds": round(seconds, 1),
             "statements since": old_application.tally.done.total() - said}]  # fmt: skip
    return Station(
        "Rolled back, with what was written since",
        rows,
        "mainstem consolidate status",
        [loss.why for loss in lost],
    )


def _nothing_lost(conn: Connection, old_application: Writer) -> Station:
    tally = old_application.tally
    with conn.transaction():
        conn.execute("set local search_path = public")
        conn.execute("set local row_security = on")
        faults = old_application.memory.differences(conn)
    faults += [f"{failure.statement}: {failure.message}" for failure in tally.failures]
    rows = [{"statements": tally.done.total(), "rows told": len(old_application.memory.there),
             "lost": len(faults), "slowest, ms": round(max(tally.slowest.values(), default=0) * 1000)}]  # fmt: skip
    return Station(
        "What the old application was told is written is there", rows, "select * from workflow_events", faults
    )
