"""Executions: how often each step's code really ran, to set beside the ledger, where each step stands once.

A line for each execution, in the file that the environment variable names; without it, nothing is counted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from mainstem import step_info

if TYPE_CHECKING:
    from pathlib import Path

EXECUTIONS = "MAINSTEM_DEMO_EXECUTIONS"
"""The environment variable in which the workers find the file's path."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One time that a step's code ran, as the attempt that the engine counted."""

    run_id: UUID
    step_number: int
    step: str
    attempt: int


def count_execution(step: str) -> None:
    """Note that `step` runs, for the process to be killed at any moment afterwards."""
    path = os.environ.get(EXECUTIONS)
    if path is not None:
        info = step_info()
        append(path, f"{info.run_id} {info.step_number} {step} {info.attempt}\n")


def append(path: str, line: str) -> None:
    # One write at the end of the file: lines of several processes never mix, and once it returns no kill takes it back.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def executions(path: Path) -> list[Execution]:
    """All executions in the file, in the order in which they began."""
    return [execution(line) for line in path.read_text(encoding="utf-8").splitlines()]


def execution(line: str) -> Execution:
    run_id, step_number, step, attempt = line.split(" ")
    return Execution(UUID(run_id), int(step_number), step, int(attempt))
