"""A process that takes steps of a consolidation, each in a child of its own that can be killed.

A line on stdin is a URL and a step; it answers with the child's pid, and after another line with its exit status: until then the pid is
nobody else's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from mainstem.consolidate.life import (
    compiled,
    copy,
    cut_over,
    finish,
    migrator,
    read_plan,
    roll_back,
    verify,
)
from mainstem.errors import MainstemError

STEPS: dict[str, Callable[..., object]] = {
    "copy": copy,
    "verify": verify,
    "cut_over": cut_over,
    "roll_back": roll_back,
    "finish": lambda conn, program, _: finish(conn, program, typed="rcm"),
}


def take(url: str, step: str) -> int:
    """Gives 0, or 1 when it was refused: the reason goes to stderr."""
    try:
        with migrator(url, "rcm") as conn:
            plan = read_plan(conn, "rcm")
            STEPS[step](conn, compiled(conn, plan), plan)
    except MainstemError as error:
        print(step, error, file=sys.stderr, flush=True)
        return 1
    return 0


def main() -> None:
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            os._exit(take(*line.split()))
        print(child, flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
