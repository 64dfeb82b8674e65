"""Server processes as the operating system shows them: which pid is a postmaster of which data directory.

A pid alone proves nothing: after a crash the number in `postmaster.pid` may belong to anybody.
"""

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
    return bool(command) and _serves(command[:3], directory)


def processes_in(directory: Path) -> list[int]:
    """The pids of all processes that serve this data directory, even one that was deleted since, or make it.

    Known on Linux only; elsewhere the list is empty and PostgreSQL's own interlock, its shared memory, decides.
    """
    pids = [int(entry.name) for entry in _PROC.glob("[1-9]*")]
    return [pid for pid in pids if _belongs(pid, directory)]


def _belongs(pid: int, directory: Path) -> bool:
    """A postmaster, or the shell that is about to become one, is known by its arguments; its children, which are
    called `postgres: checkpointer` and the like, by where they work.
    """
    command = command_of(pid)
    if not command or _serves(command, directory):
        return bool(command)
    is_server = Path(command[0].partition(":")[0]).name == "postgres"
    return is_server and _place_of(pid) in (str(directory), f"{directory} (deleted)")


def _serves(command: tuple[str, ...], directory: Path) -> bool:
    triples = zip(command, command[1:], command[2:], strict=False)
    return any((Path(name).name, *rest) in _signs(directory) for name, *rest in triples)


def _signs(directory: Path) -> tuple[tuple[str, str, str], ...]:
    return ("postgres", "-D", str(directory)), ("initdb", "-D", str(directory))


def _command_by_proc(pid: int) -> tuple[str, ...]:
    try:
        text = (_PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ()
    return tuple(part.decode(errors="surrogateescape") for part in text.split(b"\0") if part)


def _command_by_ps(pid: int) -> tuple[str, ...]:
    shown = subprocess.run(  # noqa: S603 - a number is all that varies
        ["/bin/ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, command = shown.stdout.strip().partition(" ")
    words = command.split()
    # in brackets: on its way out, its memory is given back
    is_gone = state.startswith("Z") or (bool(words) and words[0].startswith("["))
    return () if is_gone else tuple(words)


def _place_of(pid: int) -> str:
    try:
        return str((_PROC / str(pid) / "cwd").readlink())
    except OSError:  # gone meanwhile, or another user's
        return ""
