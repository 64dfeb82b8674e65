"""Starts, claims and completions of a ledger that carries a lot, beside an empty one on the same server.

    python bench/scale.py                          # SCALE=1: a million finished runs, 100,000 that wait; nine minutes, and ten more
    python bench/scale.py --scale 0.01 --open-minutes 0.5
    python bench/scale.py --keep DIR --phases finished waiting killed      # in parts: the ledger stays in DIR
    python bench/scale.py --keep DIR --phases open

Phases: beside finished runs; with runs that wait too; a worker that holds 1,000 runs is killed; a transaction is left open elsewhere
while runs go on. Windows of the two ledgers alternate, and each pair gives a ratio: what is told is their median.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from database import SETTINGS, bench_server, found_or_made, ledger_database
from finished import make_past, make_waiting, settle, told, waiting
from killed import kill_and_wait
from loop import run
from machine import machine
from mainstem.model import ClaimedRun
from mainstem.postgres import EmbeddedServer
from meter import Meter
from report import Claim, Sides, conclude, print_settings
from turns import BATCH, TURNS, Ledger, opened

FINISHED = 1_000_000
WAITING = 100_000
HELD = 1_000
"""At scale 1; the held ones at every scale."""

AT_ONCE = 10_000
"""Runs of one window."""

FEWEST_UNMEASURED, MOST_UNMEASURED = 2, 30
"""Turns before those that count."""

NO_MORE_IMAGES = 1.5
"""Times the WAL of the empty ledger's, a run."""

LOAD = 200
"""Runs a second that go on while the transaction is open."""

BURST_EVERY = 60.0
PHASES = ("finished", "waiting", "killed", "open")
FLOOR, AIM = 0.8, 0.9
"""Of the empty ledger's rate."""


@dataclass
class Pairs:
    """Windows of two ledgers, taken in turn."""

    what: str
    sides: Sides = field(default_factory=Sides)
    ratios: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in TURNS})

    async def measure(self, meter: Meter, empty: Ledger, full: Ledger, number: int) -> None:
        windows = {}
        for name, ledger in (("empty", empty), (self.what, full)):
            windows[name] = await ledger.turn(meter, number)
            for part, window in windows[name].items():
                self.sides.add(f"{part}, {name}", window)
        for part, ratios in self.ratios.items():
            ratios.append(windows[self.what][part].rate / windows["empty"][part].rate)

    def claims(self, last: int = 0) -> list[Claim]:
        """Of all pairs, or of the last ones."""
        return [
            Claim(f"{part}, {self.what} / empty", statistics.median(ratios[-last:]), FLOOR, AIM)
            for part, ratios in self.ratios.items()
        ]


@dataclass
class Bench:
    """A server with the ledger that carries a lot."""

    server: EmbeddedServer
    url: str
    chosen: argparse.Namespace
    faults: list[str] = field(default_factory=list)
    made: list[Claim] = field(default_factory=list)

    @property
    def number(self) -> int:
        return max(BATCH, BATCH * round(int(self.chosen.runs) / BATCH))

    async def alternate(self, what: str) -> None:
        pairs = Pairs(what)
        async with self._both() as (meter, empty, full):
            for _ in range(self.chosen.rounds):
                await pairs.measure(meter, empty, full, self.number)
        self._report(pairs, pairs.claims())

    @asynccontextmanager
    async def _both(self) -> AsyncIterator[tuple[Meter, Ledger, Ledger]]:
        """The empty one is new each time."""
        async with AsyncExitStack() as stack:
            beside = stack.enter_context(ledger_database(self.server))
            meter = Meter(self.url, self.server.pid or 0)
            empty, full = [await stack.enter_async_context(opened(url)) for url in (beside, self.url)]
            await empty.turn(meter, self.number)
            settle(beside)
            await self._warm_up(meter, empty, full)
            yield meter, empty, full

    async def _warm_up(self, meter: Meter, empty: Ledger, full: Ledger) -> None:
        """Turns that do not count: they pay for each page's first image in the WAL since the checkpoint.

        Rows that were entered in bulk leave a little room on each page, and new rows fill that first: until then nearly
        every claim touches a page of its own.
        """
        for turns in count(1):
            beside, here = [await ledger.turn(meter, self.number) for ledger in (empty, full)]
            more = max(here[part].wal / beside[part].wal for part in TURNS)
            print(
                f"unmeasured turn {turns}: {more:.1f} times the WAL of the empty ledger at most", flush=True
            )
            if turns >= FEWEST_UNMEASURED and more < NO_MORE_IMAGES:
                return
            if turns == MOST_UNMEASURED:
                self.faults.append(f"first images of pages were written for all of {turns} turns")
                return

    async def kill(self) -> None:
        found = {}
        with ledger_database(self.server) as beside:
            for name, url in (("empty", beside), ("full", self.url)):
                found[name] = await kill_and_wait(url, HELD)
                print(f"{name} ledger: {found[name]}", flush=True)
                if found[name].whole != HELD:
                    self.faults.append(f"{HELD - found[name].whole} runs have not each step once ({name})")
        self.made.append(
            Claim(
                f"{HELD:,} runs of a killed worker, all over", found["full"].over, 25, 20, "s", at_most=True
            )
        )

    async def leave_open(self) -> None:
        """A transaction with a snapshot and an id, idle, while runs are started, claimed and ended beside it."""
        minutes = self.chosen.open_minutes
        pairs = Pairs(f"open for {minutes:g} min")
        async with self._both() as (meter, empty, full):
            with psycopg.connect(self.url) as forgotten:
                forgotten.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                forgotten.execute(
                    "select pg_current_xact_id(), count(*) from mainstem.user_workflow_run_queue"
                )
                end = time.monotonic() + 60 * minutes
                done = 0
                while (left := end - time.monotonic()) > 0:
                    done += await loaded(full, min(BURST_EVERY, left))
                    await pairs.measure(meter, empty, full, self.number)
                    done += self.number
                    print(
                        f"{60 * minutes - end + time.monotonic():.0f} s open, {done:,} runs since: {latest(pairs)}",
                        flush=True,
                    )
                for _ in range(self.chosen.rounds):
                    await pairs.measure(meter, empty, full, self.number)
        self._report(pairs, pairs.claims(self.chosen.rounds))

    def _report(self, pairs: Pairs, claims: Sequence[Claim]) -> None:
        print(f"\n{pairs.what}, beside empty; windows of {self.number:,} runs, in calls of {BATCH}\n")
        pairs.sides.print()
        self.made += claims
        self.faults += pairs.sides.faults


async def loaded(ledger: Ledger, seconds: float) -> int:
    """Runs from start to end, as many a second as LOAD says; how many."""
    began = time.monotonic()
    done = 0
    while (passed := time.monotonic() - began) < seconds:
        if done > passed * LOAD:
            await asyncio.sleep((done - passed * LOAD) / LOAD)
        await ledger.start(BATCH)
        claimed: list[ClaimedRun] = []
        await ledger.claim(BATCH, claimed)
        await ledger.complete(claimed)
        done += BATCH
    return done


def latest(pairs: Pairs) -> str:
    return ", ".join(f"{part} {ratios[-1]:.2f}" for part, ratios in pairs.ratios.items())


def filled(server: EmbeddedServer, scale: float) -> str:
    """The URL of the ledger that carries a lot; made where it is not there."""
    began = time.monotonic()
    url, is_new = found_or_made(server, "bench_scale")
    if is_new:
        make_past(url, round(FINISHED * scale))
        print(f"made in {time.monotonic() - began:.0f} s: {told(url)}", flush=True)
    else:
        print(f"found: {told(url)}", flush=True)
    return url


def measure(bench: Bench, phases: Sequence[str]) -> int:
    if "finished" in phases:
        run(bench.alternate("finished"))
    if set(phases) & {"waiting", "killed", "open"}:
        began = time.monotonic()
        run(make_waiting(bench.url, round(WAITING * bench.chosen.scale) - waiting(bench.url)))
        print(f"\nwaiting since {time.monotonic() - began:.0f} s: {told(bench.url)}", flush=True)
    if "waiting" in phases:
        run(bench.alternate("finished and waiting"))
    if "killed" in phases:
        run(bench.kill())
    if "open" in phases and bench.chosen.open_minutes > 0:
        run(bench.leave_open())
    print()
    return conclude(bench.made, bench.faults)


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked = os.environ.get
    given.add_argument(
        "--scale", type=float, default=float(asked("SCALE", "1")), help="of a million finished runs"
    )
    given.add_argument("--open-minutes", type=float, default=float(asked("OPEN_MINUTES", "10")))
    given.add_argument("--rounds", type=int, default=7, help="pairs of windows")
    given.add_argument("--runs", type=int, default=AT_ONCE, help="of one window")
    given.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    given.add_argument("--keep", type=Path, help="a directory for the server, which stays there")
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with bench_server(chosen.keep) as server:
        return measure(Bench(server, filled(server, chosen.scale), chosen), chosen.phases)


if __name__ == "__main__":
    sys.exit(main())
