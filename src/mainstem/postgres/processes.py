"""Server processes as the operating system shows them: which pid is a postmaster of which data directory.

A pid alone proves nothing: after a crash the number in `postmaster.pid` may belong to anybody.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")
_POLL = 0.005


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def command_of(pid: int) -> tuple[str, ...]:
    """The command line of a live process; empty for a process that is gone, or dead and not yet waited for."""
    if _PROC.joinpath("self").exists():
        return _command_by_proc(pid)
    return _command_by_ps(pid)


def is_postmaster(pid: int, directory: Path) -> bool:
    command = command_of(pid)
    return bool(command) and Path(command[0]).name == "postgres" and str(directory) in command


def processes_in(directory: Path) -> list[int]:
    """The pids of all server processes that work in this data directory, even one that was deleted since.

    Known on Linux only; elsewhere the list is empty and PostgreSQL's own interlock, its shared memory, decides.
    """
    places = {str(directory), f"{directory} (deleted)"}
    pids = [int(entry.name) for entry in _PROC.glob("[1-9]*")]
    return [pid for pid in pids if _place_of(pid) in places and _is_server(pid)]


def _command_by_proc(pid: int) -> tuple[str, ...]:
    try:
        text = (_PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    return tuple(part.decode(errors="surrogateescape") for part in text.split(b"\0") if part)


def _command_by_ps(pid: int) -> tuple[str, ...]:
    shown = subprocess.run(  # noqa: S603 - a number is all that varies
        ["/bin/ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = shown.stdout.strip().partition(" ")
    return () if state.startswith("Z") else tuple(command.split())


def _place_of(pid: int) -> str:
    try:
        return str((_PROC / str(pid) / "cwd").readlink())
    except OSError:  # gone meanwhile, or another user's
        return ""


def _is_server(pid: int) -> bool:
    """A postmaster is called by its path, its children `postgres: checkpointer` and the like."""
    command = command_of(pid)
    return bool(command) and Path(command[0].partition(":")[0]).name == "postgres"
