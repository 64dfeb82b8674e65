"""The embedded server as several processes share it: who enters first starts it, who leaves last stops it.

A data directory holds two lock files beside the cluster. `mainstem.lock` is held while the server is being
started or stopped. `mainstem.owners` is held, shared, by every process that uses the server: whoever can take
it alone is the last one. The kernel lets go of a killed process's locks, so nobody has to find out who is dead.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from mainstem.errors import EmbeddedFailed
from mainstem.postgres.account import account_for
from mainstem.postgres.cluster import Cluster, StopMode, mismatch
from mainstem.postgres.processes import wait_until
from mainstem.postgres.wheel import MAJOR, programs

_LOCK, _OWNERS = "mainstem.lock", "mainstem.owners"
_NOT_CONTENT = {"lost+found", ".DS_Store"}
_LONGEST_START = 180.0


def default_data() -> Path:
    """The user's data directory; for root the system's, as the server's account cannot enter root's home."""
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/mainstem") / f"pg{MAJOR}"
    return Path(platformdirs.user_data_dir("mainstem", appauthor=False)) / f"pg{MAJOR}"


@contextmanager
def embedded(data: Path | None = None, *, settings: Mapping[str, str] | None = None) -> Iterator[EmbeddedServer]:
    """A running PostgreSQL server, shared with every other process that names the same directory.

    `settings` are PostgreSQL's, for a server that this call starts; a server that runs already keeps its own.
    Nested uses, and those of several threads, are one. A forked child is not counted: it enters by itself.

    Whoever reaches the socket is the superuser. Only the account that owns the directory reaches it, and root:
    it lies in a directory of mode 0700, has mode 0700 itself, and no TCP port is open.
    """
    place = (data or default_data()).expanduser().resolve()
    server = _enter(place, settings or {})
    try:
        yield server
    finally:
        _leave(place)


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of one data directory. `url` stays the same over restarts."""

    data: Path
    cluster: Cluster = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    embedded: bool = True

    @property
    def url(self) -> str:
        return self.cluster.url

    @property
    def pid(self) -> int | None:
        """The postmaster's; None while it does not run."""
        return self.cluster.pid

    def ensure_running(self) -> None:
        """Start the server again if it was killed. Costs a ping when it was not."""
        if self.cluster.state == "ready":
            return
        with _alone(self.data):
            self.cluster.ensure_running(self.settings)

    def restart(self, mode: StopMode = "fast") -> None:
        with _alone(self.data):
            self.cluster.stop(mode)
            self.cluster.ensure_running(self.settings)

    def stop_now(self, mode: StopMode = "immediate") -> None:
        """Stop it under everybody who uses it."""
        with _alone(self.data):
            self.cluster.stop(mode)

    def kill(self) -> None:
        """End it as a power cut does: kill -9 for every process of the server, nothing cleared away."""
        with _alone(self.data):
            self.cluster.kill()


@dataclass
class _Use:
    """This process's use of a server: how many times entered, and the open file that holds the shared lock."""

    server: EmbeddedServer
    owners: int
    count: int = 0


_uses: dict[Path, _Use] = {}
_guard = threading.RLock()


def _enter(data: Path, settings: Mapping[str, str]) -> EmbeddedServer:
    with _guard:
        use = _uses.get(data)
        if use is None:
            use = _uses[data] = _join(data, settings)
        else:
            use.server.ensure_running()
        use.count += 1
        return use.server


def _leave(data: Path) -> None:
    with _guard:
        use = _uses.get(data)
        if use is None:  # entered before a fork, by the parent
            return
        use.count -= 1
        if use.count == 0:
            del _uses[data]
            _part(use)


def _join(data: Path, settings: Mapping[str, str]) -> _Use:
    try:
        server = EmbeddedServer(data, _cluster_in(data), settings)
        with _alone(data):
            owners = _open(server.data / _OWNERS)
            try:
                _lock(owners, shared=True)
                server.cluster.ensure_made()
                server.cluster.ensure_running(settings)
            except BaseException:
                os.close(owners)
                raise
    except OSError as error:
        raise EmbeddedFailed(
            f"The data directory cannot be used: {error}", hint="name one of your own with --data"
        ) from error
    return _Use(server, owners)


def _part(use: _Use) -> None:
    with _alone(use.server.data):
        os.close(use.owners)
        owners = _open(use.server.data / _OWNERS)
        try:
            if _lock(owners, shared=False):
                use.server.cluster.stop("fast")
        finally:
            os.close(owners)


def _cluster_in(data: Path) -> Cluster:
    """The directory, made ours if it is new or empty, and the cluster in it, which may not exist yet."""
    account = account_for(data)
    if not data.exists():
        _make_with_parents(data)
    content = {path.name for path in data.iterdir()} - _NOT_CONTENT
    if not content:
        account.own(data)
        (data / _LOCK).touch(mode=0o600)
    elif _LOCK not in content:
        _refuse(data)
    if barrier := account.barrier(data):
        raise EmbeddedFailed(
            f"{barrier} is closed to the account that PostgreSQL runs as (it does not run as root)",
            hint=f"chmod a+x {barrier}, or name a directory elsewhere with --data",
        )
    return Cluster(data / "cluster", account, programs(account, data))


def _make_with_parents(data: Path) -> None:
    if not data.parent.exists():
        _make_with_parents(data.parent)
        data.parent.chmod(0o755)  # whatever the umask: the server's account walks through
    data.mkdir(mode=0o700, exist_ok=True)


def _refuse(data: Path) -> None:
    version = data / "PG_VERSION"
    if version.exists() and (found := version.read_text().strip()) != MAJOR:
        raise mismatch(data, found)
    raise EmbeddedFailed(
        f"{data} is not empty, and mainstem did not make what is in it",
        hint="name an empty or a new directory with --data; nothing was touched",
    )


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """While no other process starts or stops this server."""
    file = _open(data / _LOCK)
    try:
        if not wait_until(lambda: _lock(file, shared=False), seconds=_LONGEST_START):
            raise EmbeddedFailed(
                f"Another process has been starting or stopping the server in {data} for minutes",
                hint="look for a stopped process that has mainstem.lock open (`fuser`), and end it",
            )
        yield
    finally:
        os.close(file)


def _open(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    account_for(path.parent).own(path)
    return file


def _lock(file: int, *, shared: bool) -> bool:
    """Whether the lock could be had at once."""
    import fcntl  # not on Windows, where `wheel` has refused by now

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _forget_the_parent() -> None:
    """In a forked child: its copies of the parent's open files would keep the parent an owner after its death."""
    global _guard  # noqa: PLW0603 - another thread of the parent may have held it
    _guard = threading.RLock()
    for use in _uses.values():
        os.close(use.owners)
    _uses.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_the_parent)
