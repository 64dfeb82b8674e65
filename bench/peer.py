"""A peer's process: it is told on its standard input what to run, and tells when each run began and ended.

An order is a line: the shape's name, how many runs at once, for how many seconds. The answer is a line of JSON: for each run its
beginning and its end on the machine's monotonic clock, which the process that measures shares.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from threading import Thread

Run = tuple[float, float]
"""When it began and ended."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run."""

    shape: str
    at_once: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.shape} {self.at_once} {self.seconds}"

    @classmethod
    def read(cls, line: str) -> Order:
        shape, at_once, seconds = line.split()
        return cls(shape, int(at_once), float(seconds))


def orders() -> Iterator[Order]:
    """For a process that has nothing else to do meanwhile."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield Order.read(line)


def answer(runs: list[Run]) -> None:
    print(json.dumps(runs), flush=True)


async def serve(run_all: Callable[[Order], Awaitable[list[Run]]]) -> None:
    """Until the input ends, in an event loop that goes on meanwhile."""
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        answer(await run_all(Order.read(line)))


async def in_tasks(order: Order, run_one: Callable[[int], Awaitable[object]]) -> list[Run]:
    """A closed loop: `at_once` runs, each followed by the next until the time is over. run_one is given its loop's number."""
    runs: list[Run] = []
    end = time.monotonic() + order.seconds

    async def loop(number: int) -> None:
        while (began := time.monotonic()) < end:
            await run_one(number)
            runs.append((began, time.monotonic()))

    await asyncio.gather(*(loop(number) for number in range(order.at_once)))
    return runs


def in_threads(order: Order, run_one: Callable[[], object]) -> list[Run]:
    """As `in_tasks`, a thread for each."""
    runs: list[Run] = []
    end = time.monotonic() + order.seconds

    def loop() -> None:
        while (began := time.monotonic()) < end:
            run_one()
            runs.append((began, time.monotonic()))

    threads = [Thread(target=loop) for _ in range(order.at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs
