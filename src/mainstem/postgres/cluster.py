"""A database cluster on disk and its postmaster: made whole or not at all, started, asked, stopped, killed.

Everything here expects that the caller holds the directory's lock (see `embedded`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from psycopg.pq import PGconn, Ping

from mainstem.errors import EmbeddedFailed, EmbeddedMismatch, EmbeddedMissing
from mainstem.postgres.account import Account
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

    @property
    def state(self) -> State:
        answer = PGconn.ping(f"{self.url}&connect_timeout=2".encode())
        if answer == Ping.OK:
            return "ready"
        return "busy" if answer == Ping.REJECT or self.pid else "gone"

    def ensure_made(self) -> None:
        version_file = self.directory / "PG_VERSION"
        if not self.directory.exists():
            self._make()
        elif not version_file.exists():
            raise EmbeddedFailed(
                f"{self.directory} is not a PostgreSQL data directory", hint="move it away, or name another with --data"
            )
        elif (version := version_file.read_text().strip()) != MAJOR:
            raise mismatch(self.directory, version)

    def ensure_running(self, settings: Mapping[str, str]) -> None:
        """Wait for a server that is starting, or stopping; start one where there is none."""
        started: int | None = None
        deadline = time.monotonic() + _PATIENCE
        while (state := self.state) != "ready":
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

    def kill(self) -> None:
        """Kill every process of the server at once, as a power cut does."""
        pid = self.pid
        victims = ([pid] if pid else []) + processes_in(self.directory)
        for victim in victims:
            _kill(victim)
        wait_until(lambda: not any(map(command_of, victims)), seconds=_PATIENCE)

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def _make(self) -> None:
        self.kill()  # a server whose directory was deleted under it would take the new socket along when it ends
        unfinished = self.directory.with_name(self.directory.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.account.own(unfinished)
        made = self._run(
            self.programs / "initdb", "--pgdata", unfinished, "--username=postgres", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256",
        )  # fmt: skip
        if made.returncode != 0:
            raise EmbeddedFailed(f"initdb failed:\n{made.stderr.strip()}", hint="name another directory with --data")
        unfinished.rename(self.directory)

    def _start(self, settings: Mapping[str, str]) -> int:
        self._prepare_socket_directory()
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.1"))
        chosen = {**SETTINGS, "unix_socket_directories": f'"{self.socket_directory}"', **settings}
        options = [f"--{name}={value}" for name, value in chosen.items()]
        server = [self.programs / "postgres", "-D", self.directory, *options]
        return int(self._run("/bin/sh", "-c", _DETACHED, "sh", self._log, *server, start_new_session=True).stdout)

    def _run(self, *command: str | Path, start_new_session: bool = False) -> subprocess.CompletedProcess[str]:
        try:
            return self.account.run(*command, capture_output=True, start_new_session=start_new_session)
        except OSError as error:
            raise EmbeddedMissing(
                f"The wheel's programs do not run here: {error}", hint="set MAINSTEM_URL to a server of yours"
            ) from error

    def _prepare_socket_directory(self) -> None:
        place = self.socket_directory
        if place != self.directory:
            place.mkdir(mode=0o700, exist_ok=True)
            self.account.own(place)

    def _clear_remains(self) -> None:
        """Take away what a killed server left: its children, its pid file, its socket. PostgreSQL would stumble
        over a pid that belongs to somebody else by now.
        """
        for orphan in processes_in(self.directory):
            _kill(orphan)
        socket = self.socket_directory / _SOCKET
        for remains in (self.directory / "postmaster.pid", socket, socket.with_name(_SOCKET + ".lock")):
            remains.unlink(missing_ok=True)

    def _failure(self) -> EmbeddedFailed:
        last_lines = "\n".join(self._log.read_text(errors="replace").splitlines()[-12:])
        return EmbeddedFailed(f"The embedded server did not start:\n{last_lines}", hint=f"the whole log is {self._log}")


def mismatch(directory: Path, version: str) -> EmbeddedMismatch:
    return EmbeddedMismatch(
        f"{directory} belongs to PostgreSQL {version}, the embedded server is {MAJOR}",
        hint=f"dump it with PostgreSQL {version} and restore it into a new directory (--data), or run pg_upgrade",
    )


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
