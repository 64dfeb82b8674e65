"""A database cluster on disk and its postmaster: made whole or not at all, started, asked, stopped, killed.

Everything here expects that the caller holds the directory's lock (see `embedded`).
"""

import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from psycopg.pq import PGconn, Ping

from mainstem.errors import EmbeddedFailed, EmbeddedMissing
from mainstem.postgres.account import Account
from mainstem.postgres.place import mismatch
from mainstem.postgres.processes import command_of, is_postmaster, processes_in, wait_until
from mainstem.postgres.wheel import MAJOR

StopMode = Literal["smart", "fast", "immediate"]
State = Literal["gone", "busy", "ready"]

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
}
_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103  # what the strictest of our systems takes
_PATIENCE = 120.0  # crash recovery replays up to max_wal_size
_LARGEST_LOG = 16 * 2**20
# The postmaster becomes nobody's child, so that no process of ours has to wait for it; its pid is printed.
_DETACHED = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'


@dataclass(frozen=True)
class Cluster:
    """A data directory, the account it belongs to, and the programs that serve it."""

    directory: Path
    account: Account
    programs: Path

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_directory), safe='')}"

    @property
    def socket_directory(self) -> Path:
        """The data directory, which PostgreSQL keeps closed to others; a short path for one that is too long."""
        name = os.fsencode(self.directory / _SOCKET)
        if len(name) <= _LONGEST_SOCKET_PATH and b"," not in name:  # libpq splits host names at commas
            return self.directory
        # Every process must find the same place, whatever its TMPDIR.
        return Path("/tmp") / f"mainstem-{self.account.uid}-{hashlib.sha256(name).hexdigest()[:16]}"  # noqa: S108

    @property
    def pid(self) -> int | None:
        """The living postmaster's; None without one that this process can see."""
        try:
            first_line = (self.directory / "postmaster.pid").read_text().partition("\n")[0]
        except FileNotFoundError:
            return None
        pid = int(first_line) if first_line.isdigit() else 0
        return pid if pid and is_postmaster(pid, self.directory) else None

    def state(self) -> State:
        if PGconn.ping(f"{self.url}&connect_timeout=2".encode()) == Ping.OK:
            return "ready"
        return "busy" if self.pid or self._is_listening() else "gone"

    def ensure_made(self) -> None:
        version_file = self.directory / "PG_VERSION"
        if not self.directory.exists():
            self._make()
        elif not version_file.exists():
            raise EmbeddedFailed(
                f"{self.directory} is not a PostgreSQL data directory",
                hint="move it away, or name another with --data",
            )
        elif (version := version_file.read_text().strip()) != MAJOR:
            raise mismatch(self.directory, version)

    def ensure_running(self, settings: Mapping[str, str]) -> None:
        """Wait for a server that is starting, or stopping; start one where there is none."""
        started: int | None = None
        deadline = time.monotonic() + _PATIENCE
        while (state := self.state()) != "ready":
            if state == "gone" and started is None:
                self._clear_remains()
                started = self._start(settings)
            elif (state == "gone" and not command_of(started or 0)) or time.monotonic() > deadline:
                raise self._failure()
            time.sleep(0.005)

    def stop(self, mode: StopMode) -> None:
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, _SIGNALS[mode])
        if not wait_until(lambda: not is_postmaster(pid, self.directory), seconds=_PATIENCE):
            raise EmbeddedFailed(f"The server (pid {pid}) did not stop", hint=f"see {self._log}")
        if self.socket_directory != self.directory:
            with suppress(OSError):  # what is still in it is not ours
                self.socket_directory.rmdir()

    def kill(self) -> None:
        """Kill every process of the server at once, as a power cut does."""
        wait_until(lambda: not self._kill_processes(), seconds=_PATIENCE)

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def _is_listening(self) -> bool:
        """Somebody holds the socket open: in another container perhaps, whose processes we do not see."""
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.settimeout(1)
            try:
                attempt.connect(str(self.socket_directory / _SOCKET))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
            except (TimeoutError, BlockingIOError):
                return True
        return True

    def _make(self) -> None:
        """Make it beside its place and move it there whole: an initdb that was killed leaves nothing to stumble over."""
        for unfinished in self.directory.parent.glob("cluster.new.*"):
            replace(self, directory=unfinished).kill()
            shutil.rmtree(unfinished, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix="cluster.new.", dir=self.directory.parent))
        self.account.own(unfinished)
        made = self._run(
            self.programs / "initdb", "-D", unfinished, "--username=postgres", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256",
        )  # fmt: skip
        if made.returncode != 0:
            raise EmbeddedFailed(
                f"initdb failed:\n{made.stderr.strip()}", hint="name another directory with --data"
            )
        unfinished.rename(self.directory)

    def _start(self, settings: Mapping[str, str]) -> int:
        self._prepare_socket_directory()
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.1"))
        chosen = {**SETTINGS, "unix_socket_directories": f'"{self.socket_directory}"', **settings}
        options = [f"--{name}={value}" for name, value in chosen.items()]
        server: list[str | Path] = [self.programs / "postgres", "-D", self.directory, *options]
        return int(self._run("/bin/sh", "-c", _DETACHED, "sh", self._log, *server, detached=True).stdout)

    def _run(self, *command: str | Path, detached: bool = False) -> subprocess.CompletedProcess[str]:
        try:
            return self.account.run(*command, detached=detached)
        except OSError as error:
            raise EmbeddedMissing(
                f"The wheel's programs do not run here: {error}", hint="set MAINSTEM_URL to a server of yours"
            ) from error

    def _prepare_socket_directory(self) -> None:
        place = self.socket_directory
        if not place.exists():
            place.mkdir(mode=0o700)
            self.account.own(place)
        status = place.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != self.account.uid or status.st_mode & 0o022:
            raise EmbeddedFailed(
                f"Others can write to {place}, where the server's socket belongs",
                hint="remove it, or name a data directory with a shorter path (--data)",
            )

    def _clear_remains(self) -> None:
        """Take away what a killed server left: its children, its pid file, its socket. PostgreSQL would stumble
        over a pid that belongs to somebody else by now. A server whose directory was deleted under it is ended
        too: it would take the new socket along when it notices.
        """
        self.kill()
        (self.directory / "postmaster.pid").unlink(missing_ok=True)
        for name in (_SOCKET, f"{_SOCKET}.lock"):
            (self.socket_directory / name).unlink(missing_ok=True)

    def _kill_processes(self) -> bool:
        """Whether there was any."""
        pid = self.pid
        victims = {*([pid] if pid else []), *processes_in(self.directory)}
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        return bool(victims)

    def _failure(self) -> EmbeddedFailed:
        log = self._log.read_text(errors="replace") if self._log.exists() else ""
        last_lines = "\n".join(log.splitlines()[-12:])
        return EmbeddedFailed(
            f"The embedded server did not start:\n{last_lines}", hint=f"the whole log is {self._log}"
        )
