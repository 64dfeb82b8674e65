"""The workflow that is killed, and the witness of what it was told.

Two files for each worker process, below the folder in MAINSTEM_WITNESS: `begun` has a line for each execution of a step, written
before it works; `told` a line for each step that was acknowledged, written and fsynced as soon as the workflow's code has its result.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from mainstem import Retry, step, step_info, workflow

FOLDER = "MAINSTEM_WITNESS"
STEPS = 10


@dataclass(frozen=True)
class Told:
    """A result that the workflow's code had in its hands: it must be in the ledger, the same, once."""

    run_id: UUID
    step_number: int
    value: str


@step(retry=Retry(attempts=20, first=0.01, longest=0.05))
async def work(number: int) -> list[str]:
    info = step_info()
    append("begun", f"{info.run_id} {info.step_number}")
    await asyncio.sleep(random.uniform(0.03, 0.12))
    if random.random() < 0.02:
        raise ConnectionError("now and then it fails, and is tried again")
    return [
        str(info.run_id),
        str(info.step_number),
        f"{number}-{random.getrandbits(64):x}",
    ]  # no two executions give the same


@workflow("witnessed")
async def witnessed(name: str) -> list[str]:
    values = []
    for number in range(STEPS):
        run_id, step_number, value = await work(number)
        append("told", f"{run_id} {step_number} {value}", fsync=True)
        values.append(value)
    return values


def append(kind: str, line: str, *, fsync: bool = False) -> None:
    path = Path(os.environ[FOLDER]) / f"{kind}-{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{line}\n".encode())
        if fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def told(folder: Path) -> set[Told]:
    """All acknowledgements of all workers; a replay says the same again."""
    return {
        Told(UUID(run_id), int(number), value)
        for path in folder.glob("told-*")
        for run_id, number, value in (line.split(" ") for line in whole_lines(path))
    }


def begun(folder: Path, pid: int | None = None) -> set[tuple[UUID, int]]:
    """Steps that began to execute: of one worker, or of all."""
    return {
        (UUID(run_id), int(number))
        for path in folder.glob(f"begun-{pid or '*'}")
        for run_id, number in (line.split(" ") for line in whole_lines(path))
    }


def whole_lines(path: Path) -> list[str]:
    """Lines that end: the last one may have been cut by the kill."""
    return path.read_text().rpartition("\n")[0].splitlines()
