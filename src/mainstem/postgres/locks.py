"""The two lock files of a data directory.

`mainstem.lock` is held while the server is being started or stopped. `mainstem.owners` is held, shared, by every
process that uses the server: whoever can have it alone is the last one. The kernel lets go of the locks of a
killed process, so nobody has to find out who is dead.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstem.errors import EmbeddedFailed
from mainstem.postgres.account import account_for
from mainstem.postgres.processes import wait_until

LOCK, OWNERS = "mainstem.lock", "mainstem.owners"
_LONGEST_START = 180.0


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """While no other process starts or stops the server of this directory."""
    file = _open(data / LOCK)
    try:
        if not wait_until(lambda: _lock(file, shared=False), seconds=_LONGEST_START):
            raise EmbeddedFailed(
                f"Another process has been starting or stopping the server in {data} for minutes",
                hint=f"look with `fuser {data / LOCK}` for a process that hangs, and end it",
            )
        yield
    finally:
        release(file)


def become_owner(data: Path) -> int:
    """Call with the directory's lock held. The open file that is returned is the ownership, until `release`."""
    file = _open(data / OWNERS)
    _lock(file, shared=True)
    return file


def is_without_owner(data: Path) -> bool:
    """Call with the directory's lock held, so that nobody becomes an owner meanwhile."""
    file = _open(data / OWNERS)
    try:
        return _lock(file, shared=False)
    finally:
        release(file)


def release(file: int) -> None:
    """Closing alone would not do while a child that was forked this moment still has a copy of the open file."""
    import fcntl

    fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)


def _open(path: Path) -> int:
    account = account_for(path.parent)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    account.own(file)
    return file


def _lock(file: int, *, shared: bool) -> bool:
    """Whether the lock could be had at once."""
    import fcntl  # not on Windows, where the search for the programs has refused by now

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
