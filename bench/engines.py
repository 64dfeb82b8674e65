"""The engines that are measured beside one another: their processes, their settings, their databases."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import LiteralString

import psycopg

from peer import Order, Run
from work import FAN, NAPS, TEN

PROCESSES = (1, 2)
OURS = "mainstem"

DBOS_EMPTIED: LiteralString = """
do $$ begin
  execute (select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' cascade' from pg_tables
            where schemaname = 'dbos' and tablename in
              ('workflow_status', 'operation_outputs', 'notifications', 'workflow_events', 'workflow_events_history', 'streams'));
end $$
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One of them."""

    name: str
    script: str
    package: str | None = None
    """What must be installed for it."""
    at_once: Mapping[str, Mapping[int, Sequence[int]]]
    """Runs at once in each process, by shape and by how many processes there are: each is measured."""
    emptied: LiteralString = ""
    """SQL before each window: a peer slows down as its tables grow. Ours are left as they are."""

    @property
    def is_there(self) -> bool:
        try:
            return self.package is None or bool(version(self.package))
        except PackageNotFoundError:
            return False

    def __str__(self) -> str:
        return f"{self.name} {version(self.package)}" if self.package else self.name


def everywhere(**shapes: Sequence[int]) -> dict[str, dict[int, Sequence[int]]]:
    """The same in each process, however many there are."""
    return {shape: dict.fromkeys(PROCESSES, runs) for shape, runs in shapes.items()}


ENGINES = (
    Engine(name=OURS, script="mainstem_peer.py", at_once=everywhere(ten=(64, 256), fan=(1,), naps=(512,))),
    Engine(
        name="DBOS",
        script="dbos_peer.py",
        package="dbos",
        at_once={
            TEN.name: {1: (8,), 2: (4,)},  # of 2, 3, 4, 5, 6, 8, 12, 20 and 32 in each of two: 20 make a third less
            FAN.name: {1: (1,), 2: (1,)},
            NAPS.name: {1: (32,), 2: (20,)},
        },
        emptied=DBOS_EMPTIED,
    ),
    Engine(
        name="LangGraph",
        script="langgraph_peer.py",
        package="langgraph",
        at_once=everywhere(ten=(16,), fan=(1,), naps=(64,)),
        emptied="truncate checkpoints, checkpoint_blobs, checkpoint_writes",
    ),
    Engine(
        name="Absurd",
        script="absurd_peer.py",
        at_once=everywhere(ten=(128,), fan=(1,), naps=(128,)),
        emptied="""
do $$ begin
  execute (select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables
            where schemaname = 'absurd' and tablename ~ '^[trcewi]_peer');
end $$
""",
    ),
)  # fmt: skip


def found(chosen: Sequence[str]) -> list[Engine]:
    """Those of the chosen ones that can run here; why another cannot is printed."""
    there = []
    for engine in ENGINES:
        if engine.name not in chosen:
            continue
        if not engine.is_there:
            print(f"{engine.name} is not installed (pip install -e '.[bench]'): no claim is made about it")
        elif engine.name == "Absurd" and not os.environ.get("ABSURD_SQL"):
            print("ABSURD_SQL names no schema file of Absurd: no claim is made about it")
        else:
            there.append(engine)
    return there


@dataclass
class Running:
    """An engine's processes, idle until their window."""

    engine: Engine
    url: str
    processes: list[Process] = field(default_factory=list)

    def pids(self, processes: int) -> list[int]:
        return [process.pid for process in self.processes[:processes]]

    def empty(self) -> None:
        """Its tables, where it is one that slows down as they grow."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            if self.engine.emptied:
                conn.execute(self.engine.emptied)
            else:
                conn.execute("vacuum analyze")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Meanwhile its processes take no part of a core, with whatever they look for while they have nothing to do."""
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self.processes:
                process.send_signal(signal.SIGCONT)

    async def run(self, order: Order, processes: int) -> list[Run]:
        """Each of so many processes does all of it."""
        answers = await asyncio.gather(*(_asked(process, order) for process in self.processes[:processes]))
        return [run for runs in answers for run in runs]


@asynccontextmanager
async def running(engine: Engine, url: str) -> AsyncIterator[Running]:
    """Started, one after the other: the first one may make a schema."""
    if engine.name == "Absurd":
        install_absurd(url)
    started = Running(engine, url)
    script = str(Path(__file__).with_name(engine.script))
    try:
        for number in range(max(PROCESSES)):
            process = await asyncio.create_subprocess_exec(
                sys.executable, script, url, f"peer{number}", stdin=PIPE, stdout=PIPE, limit=2**26
            )
            started.processes.append(process)
            await _line(process)
        yield started
    finally:
        for process in started.processes:
            assert process.stdin is not None
            process.stdin.close()  # the end of its input is its end
        for process in started.processes:
            await _ended(process)


def install_absurd(url: str) -> None:
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as conn:
        conn.execute(Path(os.environ["ABSURD_SQL"]).read_bytes())


async def _ended(process: Process) -> None:
    try:
        async with asyncio.timeout(15):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _asked(process: Process, order: Order) -> list[Run]:
    assert process.stdin is not None
    process.stdin.write(f"{order}\n".encode())
    runs: list[Run] = json.loads(await _line(process))
    return runs


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    if not (line := await process.stdout.readline()):
        sys.exit("a peer has ended; see what it wrote above")
    return line
