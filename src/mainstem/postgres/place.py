"""The data directory: where it is by default, and whether it may become, or is, one of ours."""

import os
from pathlib import Path

import platformdirs

from mainstem.errors import EmbeddedFailed, EmbeddedMismatch
from mainstem.postgres.account import Account, account_for
from mainstem.postgres.locks import LOCK
from mainstem.postgres.wheel import MAJOR

_NOT_CONTENT = {"lost+found", ".DS_Store"}


def default_data() -> Path:
    """The user's data directory; for root the system's, as the server's account cannot enter root's home."""
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/mainstem") / f"pg{MAJOR}"
    return Path(platformdirs.user_data_dir("mainstem", appauthor=False)) / f"pg{MAJOR}"


def claim(data: Path) -> Account:
    """Make the directory ours if it is new or empty. The account is the one that its server runs as."""
    account = account_for(data)
    if not data.exists():
        _make_with_parents(data, account)
    content = {path.name for path in data.iterdir()} - _NOT_CONTENT
    if not content:
        account.own(data)
        (data / LOCK).touch(mode=0o600)
    elif LOCK not in content:
        raise _refusal(data)
    if barrier := account.barrier(data):
        raise EmbeddedFailed(
            f"{barrier} is closed to the account that PostgreSQL runs as, since it does not run as root",
            hint=f"chmod a+x {barrier}, or name a directory elsewhere with --data",
        )
    return account


def mismatch(directory: Path, version: str) -> EmbeddedMismatch:
    return EmbeddedMismatch(
        f"{directory} belongs to PostgreSQL {version}, the embedded server is {MAJOR}",
        hint=f"dump it with PostgreSQL {version} and restore it into a new directory (--data)",
    )


def _make_with_parents(data: Path, account: Account) -> None:
    if not data.parent.exists():
        _make_with_parents(data.parent, account)
        if account.foreign:
            data.parent.chmod(0o755)  # whatever the umask: the account has to walk through
    data.mkdir(mode=0o700, exist_ok=True)


def _refusal(data: Path) -> EmbeddedFailed | EmbeddedMismatch:
    version = data / "PG_VERSION"
    if version.exists() and (found := version.read_text().strip()) != MAJOR:
        return mismatch(data, found)
    return EmbeddedFailed(
        f"{data} is not empty, and mainstem did not make what is in it",
        hint="name an empty or a new directory with --data; nothing was touched",
    )
