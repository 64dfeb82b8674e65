"""The embedded server as several processes share it: who enters first starts it, who leaves last stops it."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mainstem.errors import EmbeddedFailed
from mainstem.postgres.cluster import Cluster, StopMode
from mainstem.postgres.locks import alone, become_owner, is_without_owner, release
from mainstem.postgres.place import claim, default_data
from mainstem.postgres.wheel import programs


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of one data directory. Its `url` stays the same over restarts."""

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
        if self.cluster.state() == "ready":
            return
        with alone(self.data):
            self.cluster.ensure_running(self.settings)

    def restart(self, mode: StopMode = "fast") -> None:
        with alone(self.data):
            self.cluster.stop(mode)
            self.cluster.ensure_running(self.settings)

    def stop_now(self, mode: StopMode = "immediate") -> None:
        """Stop it under everybody who uses it."""
        with alone(self.data):
            self.cluster.stop(mode)

    def kill(self) -> None:
        """End it as a power cut does: kill -9 for every process of the server, nothing cleared away."""
        with alone(self.data):
            self.cluster.kill()


@contextmanager
def embedded(
    data: Path | None = None, *, settings: Mapping[str, str] | None = None
) -> Iterator[EmbeddedServer]:
    """A running PostgreSQL server, shared with every other process that names the same directory.

    `settings` are PostgreSQL's, for a server that this call starts; a server that runs already keeps its own.
    Nested uses, and those of several threads, are one. A forked child is not counted until it enters by itself.

    Whoever reaches the socket is the superuser. Only the account that the directory belongs to reaches it, and
    root: the socket lies in a directory of mode 0700, has mode 0700 itself, and no TCP port is open.
    """
    place = (data or default_data()).expanduser().resolve()
    server = _enter(place, settings or {})
    try:
        yield server
    finally:
        _leave(place)


@dataclass
class _Use:
    """This process's use of a server: how many times entered, and the open file that makes it an owner."""

    server: EmbeddedServer
    ownership: int
    count: int = 0


_uses: dict[Path, _Use] = {}
_guard = threading.Lock()


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
        if use is None:  # it was entered before the fork, by the parent
            return
        use.count -= 1
        if use.count == 0:
            del _uses[data]
            _part(use)


def _join(data: Path, settings: Mapping[str, str]) -> _Use:
    try:
        account = claim(data)
        with alone(data), ExitStack() as undo:
            ownership = become_owner(data)
            undo.callback(release, ownership)
            cluster = Cluster(data / "cluster", account, programs(account, data))
            cluster.ensure_made()
            cluster.ensure_running(settings)
            undo.pop_all()
    except OSError as error:
        raise EmbeddedFailed(
            f"The data directory cannot be used: {error}", hint="name another with --data"
        ) from error
    return _Use(EmbeddedServer(data, cluster, settings), ownership)


def _part(use: _Use) -> None:
    with alone(use.server.data):
        release(use.ownership)
        if is_without_owner(use.server.data):
            use.server.cluster.stop("fast")


def _forget_the_parent() -> None:
    """In a forked child: its copies of the parent's open files would keep the parent an owner after its death."""
    global _guard  # noqa: PLW0603 - another thread of the parent may have held it
    _guard = threading.Lock()
    for use in _uses.values():
        os.close(use.ownership)
    _uses.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_the_parent)
