"""Where a step's time goes: the client's CPU by function, sampled; the server's time by function, as it counts them itself.

    python bench/hot_path.py --runs 256 --seconds 6

Samples are taken by a timer of this process's CPU, which Python looks at between two of its instructions: what C code takes counts
for the function that called it. The server's times are of its own clock, waits for the disk and for a core included.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg

import mainstem_peer
from database import SETTINGS, bench_server, ledger_database
from loop import run
from machine import machine
from mainstem import Mainstem, Worker
from mainstem.engine.worker import Terms
from meter import Meter
from peer import Order, in_tasks
from report import print_settings, print_table
from work import SHAPES, TEN, VALUE

EVERY = 0.001
SHOWN = 30

PARTS = (
    ("a run's code from its beginning to its end, all in all", "engine/conduct.Conduct.to_its_end"),
    ("of it: the attempt, its function within", "engine/cached.Execution.outcome"),
    ("inputs and outputs to JSON", "flow/values.dumped"),
    ("and back, as a replay gives them", "flow/values.loaded"),
    ("an ended step's record, put to the recorder", "ledger/open_steps.OpenSteps.end"),
    ("starting a run", "client/opened.Opened.start"),
    ("the recorder: taking, packing and sending a flush", "ledger/recorder.Recorder._flush_for_ever"),
    ("of it: packing", "ledger/recorder.Batch.parameters"),
    ("the recorder: telling who waits", "ledger/recorder.Recorder._acknowledge"),
)
"""What is told of the client, by the function that does it with all that it calls; they overlap."""

FUNCTIONS = (
    "select funcname, calls, self_time, total_time from pg_stat_user_functions where schemaname = 'mainstem'"
    " and self_time > 0 order by self_time desc limit 12"
)


@dataclass
class Samples:
    """How often each function was the one that ran, and how often each was anywhere on the stack."""

    own: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)
    taken: int = 0

    def take(self, _signal: int, frame: FrameType | None) -> None:
        self.taken += 1
        self.own[_named(frame)] += 1
        on_stack = set()
        while frame is not None:
            on_stack.add(_named(frame))
            frame = frame.f_back
        self.within.update(on_stack)


def _named(frame: FrameType | None) -> str:
    if frame is None:
        return "nothing"
    file = Path(frame.f_code.co_filename)
    return f"{file.parent.name}/{file.stem}.{frame.f_code.co_qualname}"


@contextmanager
def sampled() -> Iterator[Samples]:
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


async def work(url: str, postmaster: int, chosen: argparse.Namespace) -> None:
    workflow = mainstem_peer.WORKFLOWS[chosen.shape]
    steps = SHAPES[chosen.shape].steps
    terms = Terms(slots=2 * chosen.runs)
    async with Mainstem(url) as client, Worker(client, [workflow], terms):

        async def run_one(_number: int) -> None:
            await (await client.start(workflow, VALUE)).result()

        await in_tasks(Order(chosen.shape, chosen.runs, 1), run_one)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("select pg_stat_reset()")
        meter = Meter(url, postmaster)
        meter.checkpoint()
        began = meter.read()
        with sampled() if chosen.sampled else contextless() as samples:
            runs = await in_tasks(Order(chosen.shape, chosen.runs, chosen.seconds), run_one)
        window = meter.window(began, len(runs) * steps, [end - begin for begin, end in runs])
    await asyncio.to_thread(print_server, url, window.done)
    print(f"{window.rate:,.0f} steps/s; a step: client {window.client:.0f} µs, server {window.server:.0f} µs of CPU; others took {window.others:.0%}")  # fmt: skip
    print_client(samples, window.client)


@contextmanager
def contextless() -> Iterator[Samples]:
    yield Samples()


def print_client(samples: Samples, micros: float) -> None:
    """Microseconds a step: in the function itself, and in all that it called."""
    if not samples.taken:
        return
    each = micros / samples.taken
    print_table(("part", "µs a step"), [(told, f"{samples.within[name] * each:.1f}") for told, name in PARTS])
    rows = [
        (name, f"{count * each:.1f}", f"{samples.within[name] * each:.1f}")
        for name, count in samples.own.most_common(SHOWN)
    ]
    print_table(("function", "itself µs", "with what it calls"), rows)


def print_server(url: str, steps: int) -> None:
    with psycopg.connect(url) as conn:
        rows = [
            (name, f"{calls:,}", f"{own / steps * 1000:.1f}", f"{total / steps * 1000:.1f}")
            for name, calls, own, total in conn.execute(FUNCTIONS).fetchall()
        ]
    print_table(("function of the ledger", "calls", "itself µs a step", "with what it calls"), rows)


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--runs", type=int, default=256, help="at once")
    given.add_argument("--seconds", type=float, default=6)
    given.add_argument("--shape", choices=SHAPES, default=TEN.name)
    given.add_argument("--plain", dest="sampled", action="store_false", help="without samples: its CPU only")
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("do $$ begin execute format('alter database %I set track_functions = ''all''', current_database()); end $$")  # fmt: skip
        run(work(url, server.pid or 0, chosen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
