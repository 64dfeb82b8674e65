"""The operating-system account that the embedded server runs as.

PostgreSQL refuses to run as root. An ordinary user's server is that user's; root's is a system account's.
"""

import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainstem.errors import EmbeddedFailed

SYSTEM_ACCOUNT = "mainstem"
_INHERITED = ("PATH", "TZ", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Account:
    """A user and its group; `foreign` when this process is root and must change to it."""

    uid: int
    gid: int
    foreign: bool

    def run(self, *command: str | Path, detached: bool = False) -> subprocess.CompletedProcess[str]:
        """Run as this account, from `/`, with nothing of our environment that could hold a secret."""
        identity: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # noqa: S603 - the wheel's programs
            command,
            cwd="/",
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=detached,
            **(identity if self.foreign else {}),
        )

    def own(self, file: Path | int) -> None:
        """Give it to the account. Never through a symbolic link, which the account might have laid for root."""
        if self.foreign and isinstance(file, int):
            os.fchown(file, self.uid, self.gid)
        elif self.foreign:
            os.chown(file, self.uid, self.gid, follow_symlinks=False)

    def barrier(self, path: Path) -> Path | None:
        """The outermost directory on the way to `path`, itself included, that this account may not enter."""
        way = (path, *path.parents) if self.foreign else ()
        return next((directory for directory in reversed(way) if not self._enters(directory)), None)

    def _enters(self, directory: Path) -> bool:
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def account_for(data: Path) -> Account:
    """Root uses whoever owns the directory already, so that a user's data stay the user's; else the system account."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), foreign=False)
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, foreign=True)
    return _system_account()


def _system_account() -> Account:
    import pwd  # Windows has none, and no root

    try:
        entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        _create_system_account()
        entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid, foreign=True)


def _create_system_account() -> None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    hint = f"make a user named {SYSTEM_ACCOUNT}, run mainstem as an ordinary user, or set MAINSTEM_URL"
    if program is None:
        raise EmbeddedFailed("PostgreSQL does not run as root, and this system has no useradd", hint=hint)
    made = subprocess.run(  # noqa: S603 - constants
        [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    already_there = 9
    if made.returncode not in (0, already_there):
        raise EmbeddedFailed(
            f"PostgreSQL does not run as root, and useradd says: {made.stderr.strip()}", hint=hint
        )
