"""Durable workflows beside DBOS, LangGraph and Absurd on the same server, in the same run.

    pip install -e '.[bench]'                     # brings DBOS and LangGraph
    ABSURD_SQL=absurd.sql python bench/engine.py  # about seven minutes; without its schema no claim is made about Absurd

Three shapes: ten sequential steps that do nothing, a fan-out of 1,000 of them, ten steps that wait 50 ms; each in one worker process
and in two, which start what they run. Windows of the engines alternate; medians of those that nobody disturbed. A peer's tables are
emptied before each of its windows. While one is measured, the processes of the others are stopped. At rest: one run at a time, ten
steps, from start to result.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg

from database import SETTINGS, bench_server, database, ledger_database
from engines import ENGINES, OURS, PROCESSES, Running, found, running
from loop import run
from machine import machine
from meter import Meter, Window, percentile
from peer import Order, Run
from report import Claim, Sides, conclude, print_settings
from work import SHAPES, TEN, Shape

SLOWEST_DBOS = 500
"""Steps a second below which something is wrong with the peer, and the comparison does not count."""

BOUNDS = {"DBOS": (15, 40), "Absurd": (6, 15)}
"""How many times as many steps a second ours makes: floor and aim."""

WARM_UP = 1.0
ROUNDS = {TEN.name: 3}
"""Windows of each; two of the other shapes."""


@dataclass
class Bench:
    """All engines, and what was found."""

    engines: Sequence[Running]
    meter: Meter
    seconds: float
    shapes: dict[str, Sides] = field(default_factory=dict)
    rest: dict[str, list[float]] = field(default_factory=dict)

    async def measure_round(self, shape: Shape) -> None:
        """A window of each."""
        sides = self.shapes.setdefault(shape.name, Sides())
        for processes in PROCESSES:
            for engine in self.engines:
                for at_once in engine.engine.at_once[shape.name][processes]:
                    window = await self._window(engine, shape, at_once=at_once, processes=processes)
                    sides.add(side(str(engine.engine), processes, at_once), window)

    async def _window(self, engine: Running, shape: Shape, *, at_once: int, processes: int) -> Window:
        engine.empty()
        self.meter.checkpoint()
        pids = engine.pids(processes)
        order = Order(shape.name, at_once, WARM_UP + self.seconds)
        with self._others_stopped(engine):
            running = asyncio.create_task(engine.run(order, processes))
            await asyncio.sleep(WARM_UP)
            began = self.meter.read(pids)
            await asyncio.sleep(self.seconds)
            now = self.meter.read(pids)
            runs = await running
        done = steps_within(runs, shape.steps, began.at, now.at)
        ended = [end - begin for begin, end in runs if end > began.at]
        return self.meter.between(began, now, round(done), ended)

    async def measure_rest(self, engine: Running) -> None:
        """The latencies of single runs; the first ones begin with cold caches and are not counted."""
        engine.empty()
        self.meter.checkpoint()
        with self._others_stopped(engine):
            runs = await engine.run(Order(TEN.name, 1, self.seconds), 1)
        self.rest[str(engine.engine)] = [end - begin for begin, end in runs[5:]]

    @contextmanager
    def _others_stopped(self, engine: Running) -> Iterator[None]:
        with ExitStack() as stopped:
            for other in self.engines:
                if other is not engine:
                    stopped.enter_context(other.stopped())
            yield

    def rate(self, shape: Shape, name: str) -> float:
        """Of its best setting; nan where it was not measured."""
        sides = self.shapes.get(shape.name, Sides())
        return max((sides.rate(one) for one in sides.windows if one.startswith(name)), default=float("nan"))

    def cpu(self, shape: Shape, name: str) -> float:
        """Microseconds a step, client and server, where it takes least."""
        sides = self.shapes.get(shape.name, Sides())
        found = [one for one in sides.windows if one.startswith(name)]
        return min((sides.cpu(one) for one in found), default=float("nan"))


def steps_within(runs: Sequence[Run], steps: int, began: float, now: float) -> float:
    """How many steps fell into the window, of a run that it cuts its part: a step takes as long as the others of its run."""
    parts = (max(0.0, min(end, now) - max(begin, began)) / (end - begin) for begin, end in runs)
    return steps * sum(parts)


def side(engine: str, processes: int, at_once: int) -> str:
    of = f"{at_once} run{'s' * (at_once > 1)}"
    return f"{engine}, {processes} process{'es' * (processes > 1)} of {of}"


async def measure(opened: Sequence[Running], meter: Meter, chosen: argparse.Namespace) -> Bench:
    bench = Bench(opened, meter, chosen.seconds)
    for engine in opened:  # it compiles, plans, and opens its connections
        await engine.run(Order(TEN.name, 4, WARM_UP), max(PROCESSES))
    for number in range(chosen.rounds or max(ROUNDS.values())):
        for shape in (SHAPES[name] for name in chosen.shapes):
            if number < (chosen.rounds or ROUNDS.get(shape.name, 2)):
                await bench.measure_round(shape)
    for engine in opened:
        await bench.measure_rest(engine)
    return bench


def report(bench: Bench, url: str) -> int:
    for name, sides in bench.shapes.items():
        print(f"\n{SHAPES[name].told}: steps a second; p50 and p99 of a run\n")
        sides.print()
    print()
    for name, latencies in bench.rest.items():
        p50, p99 = percentile(latencies, 50), percentile(latencies, 99)
        print(f"at rest, {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(latencies)} runs")
    for name, *_ in ((str(engine.engine),) for engine in bench.engines[1:]):
        print(f"beside {name}: {ratios(bench, name)}")
    faults = [fault for sides in bench.shapes.values() for fault in sides.faults]
    return conclude(claims(bench), faults + faults_of(bench, url))


def ratios(bench: Bench, name: str) -> str:
    """Of each shape, the best setting of each."""
    told = []
    for shape in (SHAPES[name] for name in bench.shapes):
        times = bench.rate(shape, OURS) / bench.rate(shape, name)
        cpu = bench.cpu(shape, name) / bench.cpu(shape, OURS)
        told.append(f"{shape.told}: {times:.1f} times as many steps a second, 1/{cpu:.1f} of the CPU a step")
    return "; ".join(told)


def claims(bench: Bench) -> list[Claim]:
    measured = [str(engine.engine) for engine in bench.engines]
    made = [
        Claim(f"durable steps/s / {name}", bench.rate(TEN, OURS) / bench.rate(TEN, name), floor, aim)
        for name, (floor, aim) in BOUNDS.items()
        if TEN.name in bench.shapes and any(one.startswith(name) for one in measured)
    ]
    rest = percentile(bench.rest[OURS], 50)
    return [*made, Claim("a run at rest, start to result", rest, 15, 8, "ms", at_most=True)]


def faults_of(bench: Bench, url: str) -> list[str]:
    faults = []
    if (rate := bench.rate(TEN, "DBOS")) < SLOWEST_DBOS:
        faults.append(f"DBOS made only {rate:.0f} steps/s")
    with psycopg.connect(url) as conn:
        [(incomplete,)] = conn.execute(
            "select count(*) from mainstem.user_workflow_run r where r.status <> 'completed' or not exists ("
            " select from (select count(*) as many from mainstem.user_workflow_run_step s"
            "  where s.run_id = r.run_id and s.status = 'completed') s where s.many = any(%s))",
            [[shape.steps for shape in SHAPES.values()]],
        ).fetchall()
    if incomplete:
        faults.append(f"{incomplete} runs are not completed with all their steps")
    return faults


async def compare(servers: ExitStack, chosen: argparse.Namespace) -> int:
    server = servers.enter_context(bench_server())
    ledger = servers.enter_context(ledger_database(server))
    async with AsyncExitStack() as started:
        opened = []
        for engine in found(chosen.engines):
            other = engine.name.lower()
            url = ledger if engine.name == OURS else servers.enter_context(database(server, f"bench_{other}"))
            opened.append(await started.enter_async_context(running(engine, url)))
        began = time.monotonic()
        bench = await measure(opened, Meter(ledger, server.pid or 0), chosen)
        print(f"measured in {time.monotonic() - began:.0f} s")
    return report(bench, ledger)


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--seconds", type=float, default=4, help="of one window")
    given.add_argument("--rounds", type=int, help="windows of each; 3 of ten steps and 2 of the others")
    given.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    names = [engine.name for engine in ENGINES]
    given.add_argument("--engines", nargs="+", choices=names, default=names)
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with ExitStack() as servers:
        return run(compare(servers, chosen))


if __name__ == "__main__":
    sys.exit(main())
