"""A process that has mainstem's modules loaded and splits off a copy of itself for each program: their start is saved.

It reads a line of JSON for each: `run` a command of mainstem or a Python file, or `wait` for one to end.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mainstem.cli.main import main

PROGRAMS: dict[str, Callable[[list[str]], Any]] = {
    "mainstem": main,
    "pytest": lambda words: sys.exit(pytest.main(words)),
    "python": lambda words: runpy.run_path(words[0], run_name="__main__"),
}


def become(asked: dict[str, Any]) -> None:
    """The program, from here to its end."""
    kept = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for number in (1, 2):
        os.dup2(kept, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(asked["place"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    program, *words = asked["run"]
    sys.argv = words if program == "python" else [program, *words]
    sys.path.insert(0, asked["place"])
    PROGRAMS[program](words)


def split_off(asked: dict[str, Any]) -> int:
    """The process id of the program, in the process that goes on here."""
    if pid := os.fork():
        return pid
    become(asked)
    sys.exit(0)


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        answer = (
            split_off(asked) if "run" in asked else os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])
        )
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
