"""A consolidation beside the statements that an engineer would write by hand; its switch under writers; the old names after it.

    SCALE=0.1 python bench/consolidate.py       # 100,000 runs; 1 is a million runs, 10 million steps, 20 million events

Both sides fold the same plain rows of the `rcm` sample into the same empty tables, with all their indexes and checks. By hand it is
one INSERT … SELECT a table, its ids made beforehand: nothing can be killed, nobody may write meanwhile, no id leads back. Ours is
`copy`, whole: views and triggers made, ids mapped, batch after batch, statistics, and what was written meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from database import SETTINGS, bench_server, database, ledger_database
from machine import machine
from mainstem.consolidate.life import (
    Progress,
    adopt,
    compiled,
    copy,
    cut_over,
    migrator,
    read_plan,
    verify,
)
from mainstem.consolidate.life.plan import install_ground
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample import grow, install
from mainstem.consolidate.presets.rcm.sample.statements import CONTEXT, EVENTS, KEYS, SCREENSHOTS, STATEMENTS
from mainstem.consolidate.presets.rcm.sample.world import ANN, INTAKE
from mainstem.consolidate.presets.rcm.sample.writer import Tally, writing
from mainstem.errors import ProofFailed
from mainstem.postgres import EmbeddedServer
from meter import Meter, Window
from report import Claim, Sides, conclude, print_settings, print_table

Connection = psycopg.Connection[Any]

SYSTEM = "rcm"
RUNS = 1_000_000
"""At scale 1."""
ROWS_OF_A_RUN = 33
"""Itself, ten steps, twenty events, two keys of context."""
WRITERS, EACH = 4, 50
"""Statements a second of each, while the switch is made."""
BY_OWN_KEY = {
    one.name
    for one in STATEMENTS
    if one.table in (EVENTS, CONTEXT, SCREENSHOTS)
    and any(f"where {KEYS[one.table]} =" in text for text in one.texts)
}
"""Statements of the writer that name an element by its own key alone: behind a view they look through every run."""
CONNECTIONS = 2
"""Of a copy, as the command line has it."""
TRIES = 5
"""Of a proof, while writers write."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Old keys that are there: each range without its end."""

    runs: range
    steps: range


READS: dict[str, tuple[str, str]] = {
    "read a run": ("runs", "select * from workflow_trace where trace_id = %s"),
    "read a step": ("steps", "select * from workflow_steps where step_id = %s"),
    "read a run's steps": ("runs", "select * from workflow_steps where trace_id = %s order by step_number"),
    "read a run's events": ("runs", "select * from workflow_events where trace_id = %s order by timestamp"),
    "read a step's events": ("steps", "select * from workflow_events where step_id = %s order by timestamp"),
}
WRITES: dict[str, tuple[str, str]] = {
    "insert an event": (
        "steps",
        """insert into workflow_events (trace_id, step_id, event_type, event_data)
           select trace_id, step_id, 'clicked', '{}' from workflow_steps where step_id = %s returning event_id""",
    ),
    "update a step": (
        "steps",
        "update workflow_steps set output_data = '{\"amount\": 7}' where step_id = %s returning step_id",
    ),
    "start_workflow_execution": (
        "runs",
        f"select start_workflow_execution('{INTAKE}', 'web', 'bench ' || %s::text, '{{}}', '{ANN}')",
    ),
}


@dataclass
class Copied:
    """What a copy took, and the memory of the client and of its backends on its way: anonymous, in MiB."""

    seconds: float = 0.0
    at_tenth: tuple[float, float] = (0.0, 0.0)
    at_nine_tenths: tuple[float, float] = (0.0, 0.0)
    batches: int = 0

    @property
    def growth(self) -> float:
        """Of all of them together."""
        return sum(self.at_nine_tenths) / max(sum(self.at_tenth), 1)


@dataclass
class Bench:
    """The two databases, and what was found."""

    by_hand: str
    ours: str
    runs: int
    seconds: float
    sides: Sides = field(default_factory=Sides)

    @property
    def rows(self) -> int:
        return self.runs * ROWS_OF_A_RUN


def make_old_rows(url: str, runs: int) -> None:
    """The old schema with plain rows only: what is odd in them is no matter of speed. Its definitions are in the ledger already."""
    with psycopg.connect(url, autocommit=True) as conn:
        install(conn)
        conn.execute("truncate public.workflow_trace cascade")
        grow(conn, runs=runs)
        install_ground(conn)
        conn.execute(_sql("definitions"))
        conn.execute("vacuum analyze")


def _sql(name: str) -> bytes:
    return Path(__file__).with_name("by_hand").joinpath(f"{name}.sql").read_bytes()


def fold_by_hand(url: str) -> float:
    """Seconds of the statements; ids and partitions are made before."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_sql("ids"))
        began = time.perf_counter()
        for table in ("runs", "steps"):
            conn.execute(_sql(table))
        return time.perf_counter() - began


def fold(url: str) -> Copied:
    """The same by `copy`."""
    found = Copied()
    with migrator(url, SYSTEM) as conn, ExitStack() as opened:
        hands = [opened.enter_context(migrator(url, SYSTEM)) for _ in range(CONNECTIONS)]
        plan = adopt(conn, preset(SYSTEM))
        program = compiled(conn, plan)

        def told(progress: Progress) -> None:
            found.batches += 1
            now = anonymous(os.getpid()), sum(anonymous(one.info.backend_pid) for one in (conn, *hands))
            if progress.done <= progress.total * 0.1 or found.batches == 1:
                found.at_tenth = now
            if progress.done <= progress.total * 0.9 or found.batches == 1:
                found.at_nine_tenths = now

        began = time.perf_counter()
        copy(conn, program, plan, hands=hands, told=told)
        found.seconds = time.perf_counter() - began
    return found


def anonymous(pid: int) -> float:
    """Memory of its own, without what it shares with others."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def refuse_other_rows(by_hand: str, ours: str) -> None:
    """Both sides are measured at the same work: what stands in the ledger is the same but for its ids."""
    found = []
    for url in (by_hand, ours):
        with psycopg.connect(url) as conn:
            found.append(conn.execute(_sql("digest")).fetchall())
    if found[0] != found[1]:
        raise SystemExit(f"the two sides made different rows: {found[0]} by hand, {found[1]} by copy")


def prove(url: str) -> tuple[int, float]:
    """Rows compared, on each side, and seconds."""
    with migrator(url, SYSTEM) as conn:
        plan = read_plan(conn, SYSTEM)
        began = time.perf_counter()
        proof = verify(conn, compiled(conn, plan), plan)
        return sum(one.rows for one in proof.compared), time.perf_counter() - began


def switch(url: str) -> dict[str, float]:
    """The cut-over while writers write, and what it cost them."""
    with migrator(url, SYSTEM) as conn, writing(url, writers=WRITERS, rate=EACH) as writers:
        time.sleep(2)
        _prove_again(conn)
        plan = read_plan(conn, SYSTEM)
        switched = cut_over(conn, compiled(conn, plan), plan)
        time.sleep(2)
        tallies = [writer.stop() for writer in writers]
    return {
        "locked_ms": switched.locked_ms,
        "drained": switched.drained,
        "attempts": switched.attempts,
        "writes": sum(tally.done.total() for tally in tallies),
        "failures": sum(len(tally.failures) for tally in tallies),
        **_slowest(tallies),
    }


def _slowest(tallies: list[Tally]) -> dict[str, float]:
    """Milliseconds of the slowest write, apart from those that name an element by its own key: behind a view these scan."""
    slowest: dict[str, float] = {}
    for name, seconds in (pair for tally in tallies for pair in tally.slowest.items()):
        kind = (
            "slowest write by an element's own key, ms" if name in BY_OWN_KEY else "slowest other write, ms"
        )
        slowest[kind] = max(slowest.get(kind, 0.0), round(seconds * 1000))
    return slowest


def _prove_again(conn: Connection) -> None:
    """A proof that fails on rows written meanwhile is no fault: copy what they are now, and prove it."""
    for tried in range(TRIES):
        plan = read_plan(conn, SYSTEM)
        try:
            verify(conn, compiled(conn, plan), plan)
        except ProofFailed:
            if tried == TRIES - 1:
                raise
        else:
            return


def measure_old_names(bench: Bench, meter: Meter, rounds: int) -> None:
    """Each statement on the old tables and on the views that have their names now, in turns."""
    with old_application(bench.by_hand) as before, old_application(bench.ours) as after:
        keys = _keys(before)
        for _ in range(rounds):
            for name, (which, text) in (READS | WRITES).items():
                among: range = getattr(keys, which)
                for side, conn in (("old tables", before), ("views", after)):
                    bench.sides.add(f"{name}, {side}", _window(conn, meter, text, among, bench.seconds))


def _keys(conn: Connection) -> Keys:
    [(run, last_run, step, last_step)] = conn.execute(
        "select min(t.trace_id), max(t.trace_id), (select min(step_id) from workflow_steps), (select max(step_id) from workflow_steps)"
        " from workflow_trace t"
    ).fetchall()
    return Keys(range(run, last_run), range(step, last_step))


@contextmanager
def old_application(url: str) -> Iterator[Connection]:
    """It plans each statement anew, as drivers do that prepare nothing."""
    with psycopg.connect(
        url, autocommit=True, prepare_threshold=None, options="-c search_path=public"
    ) as conn:
        yield conn


def _window(conn: Connection, meter: Meter, text: str, among: Sequence[int], seconds: float) -> Window:
    latencies: list[float] = []
    meter.checkpoint()
    for _ in range(5):
        conn.execute(text.encode(), [random.choice(among)])
    began = meter.read()
    while (start := time.perf_counter()) < began.at + seconds:
        conn.execute(text.encode(), [random.choice(among)]).fetchall()
        latencies.append(time.perf_counter() - start)
    return meter.window(began, len(latencies), latencies)


def ratios(sides: Sides) -> list[tuple[str, str, str, str]]:
    """Of each statement: both medians, and how many times as long it takes."""
    rows = []
    for name in READS | WRITES:
        old, new = sides.median(f"{name}, old tables"), sides.median(f"{name}, views")
        rows.append((name, f"{old:.2f}", f"{new:.2f}", f"{new / old:.1f}"))
    return rows


def claims(bench: Bench, hand: float, copied: Copied, switched: dict[str, float]) -> list[Claim]:
    slowest = max(bench.sides.median(f"{name}, views") for name in READS)
    return [
        Claim("copy / statements by hand", hand / copied.seconds, 0.5, 0.7),
        Claim("locks at the cut-over", switched["locked_ms"], 100, 50, "ms", at_most=True),
        Claim("slowest point read by old key", slowest, 5, 5, "ms p50", at_most=True),
        Claim("memory at 90 % / at 10 %", copied.growth, 1.2, 1.1, at_most=True),
    ]


def measure(bench: Bench, meter: Meter, rounds: int) -> int:
    """Everything, in order: what one part leaves is what the next begins with."""
    meter.checkpoint()
    hand = fold_by_hand(bench.by_hand)
    meter.checkpoint()
    copied = fold(bench.ours)
    refuse_other_rows(bench.by_hand, bench.ours)
    compared, proving = prove(bench.ours)
    told = [
        ("by hand", hand, bench.rows),
        ("copy", copied.seconds, bench.rows),
        ("verify", proving, compared),
    ]
    print_table(("", "rows/s", "s"), [(name, f"{rows / s:,.0f}", f"{s:.1f}") for name, s, rows in told])
    print(
        f"{copied.batches} batches; MiB of client and backends: {copied.at_tenth} at 10 %, {copied.at_nine_tenths} at 90 %"
    )
    switched = switch(bench.ours)
    print("cut-over:", ", ".join(f"{name} {value:g}" for name, value in switched.items()))
    measure_old_names(bench, meter, rounds)
    bench.sides.print()
    print_table(("p50 ms", "old tables", "views", "times"), ratios(bench.sides))
    return conclude(claims(bench, hand, copied, switched), bench.sides.faults)


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument(
        "--scale", type=float, default=float(os.environ.get("SCALE", "0.1")), help="of a million runs"
    )
    given.add_argument("--seconds", type=float, default=2, help="of one window")
    given.add_argument("--rounds", type=int, default=3, help="windows of each")
    chosen = given.parse_args()
    runs = round(RUNS * chosen.scale)
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as template:
        began = time.perf_counter()
        make_old_rows(template, runs)
        print(f"{runs:,} runs, {runs * ROWS_OF_A_RUN:,} rows, made in {time.perf_counter() - began:.0f} s")
        with _copy_of(server, template, "by_hand") as by_hand, _copy_of(server, template, "by_copy") as ours:
            bench = Bench(by_hand, ours, runs, chosen.seconds)
            return measure(bench, Meter(server.url, server.pid or 0), chosen.rounds)


@contextmanager
def _copy_of(server: EmbeddedServer, template: str, name: str) -> Iterator[str]:
    with database(server, name, template.rpartition("/")[2].partition("?")[0]) as url:
        yield url


if __name__ == "__main__":
    sys.exit(main())
