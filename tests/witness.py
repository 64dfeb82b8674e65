"""The witness: what a workflow's code and its callers were told, in files that no database knows of.

A file of each kind for each process, below the folder in MAINSTEM_WITNESS: `begun` has a line for each execution of a step,
written before it works; `told` one for each result that the workflow's code had in its hands, fsynced.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

FOLDER = "MAINSTEM_WITNESS"


@dataclass(frozen=True)
class Told:
    """A result that the workflow's code had: it must be in the ledger, the same, once."""

    run_id: UUID
    step_number: int
    value: str


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
        for run_id, number, value in (line.split(" ") for line in _whole_lines(path))
    }


def begun(folder: Path, pid: int | None = None) -> set[tuple[UUID, int]]:
    """Steps that began to execute: of one worker, or of all."""
    return {
        (UUID(run_id), int(number))
        for path in folder.glob(f"begun-{pid or '*'}")
        for run_id, number in (line.split(" ") for line in _whole_lines(path))
    }


def _whole_lines(path: Path) -> list[str]:
    """Lines that end: the last one may have been cut by the kill."""
    return path.read_text().rpartition("\n")[0].splitlines()
