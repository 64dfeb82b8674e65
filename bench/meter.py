"""Meters: what a window of work took, on both sides of the connection, and whether others disturbed it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1

MOST_OTHERS = 0.1
"""Share of the machine that others may take in a window before it is called disturbed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Clocks and counters at one moment; CPU in seconds."""

    at: float
    client: float
    server: float
    busy: float
    wal: int
    commits: int
    checkpoints: int


@dataclass(frozen=True, slots=True)
class Window:
    """Work done in a stretch of time. For each piece of work: CPU in microseconds, WAL in bytes, commits."""

    done: int
    seconds: float
    client: float
    server: float
    wal: float
    commits: float
    latencies: Sequence[float]
    """In seconds."""
    others: float
    """Share of the machine that other processes took."""
    checkpoints: int

    @property
    def rate(self) -> float:
        """Pieces a second."""
        return self.done / self.seconds

    @property
    def is_disturbed(self) -> bool:
        return self.others > MOST_OTHERS or self.checkpoints > 0


class Meter:
    """Reads what the server's processes and the clients have used, and what was written."""

    def __init__(self, url: str, postmaster: int) -> None:
        self._conn: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)
        self._postmaster = postmaster

    def checkpoint(self) -> None:
        """So that none falls into a window, and each window pays for its own full-page images."""
        self._conn.execute("checkpoint")

    def read(self, clients: Sequence[int] = ()) -> Reading:
        """Of this process; or of these clients instead."""
        [(wal, commits, checkpoints)] = self._conn.execute(
            "select pg_current_wal_insert_lsn() - '0/0', (select sum(xact_commit) from pg_stat_database),"
            " (select num_timed + num_requested from pg_stat_checkpointer)"
        ).fetchall()
        client = sum(map(cpu_of, clients)) if clients else time.process_time()
        return Reading(
            time.perf_counter(), client, self._server_cpu(), busy_cpu(), int(wal), int(commits), checkpoints
        )

    def window(
        self, began: Reading, done: int, latencies: Sequence[float], clients: Sequence[int] = ()
    ) -> Window:
        """What came of `done` pieces of work since `began`."""
        return self.between(began, self.read(clients), done, latencies)

    def between(self, began: Reading, now: Reading, done: int, latencies: Sequence[float]) -> Window:
        """As `window`, of two readings: what was done is known later."""
        seconds = now.at - began.at
        client, server = now.client - began.client, now.server - began.server
        each = max(1, done)
        return Window(
            done,
            seconds,
            client / each * 1e6,
            server / each * 1e6,
            (now.wal - began.wal) / each,
            (now.commits - began.commits) / each,
            latencies,
            max(0.0, now.busy - began.busy - client - server) / (CORES * seconds),
            now.checkpoints - began.checkpoints,
        )

    def _server_cpu(self) -> float:
        living = sum(map(cpu_of, children_of(self._postmaster)))
        return living + cpu_of(self._postmaster, with_ended=True)


def cpu_of(pid: int, *, with_ended: bool = False) -> float:
    """CPU seconds of a process; with those of its ended children if asked. 0 for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / TICKS


def busy_cpu() -> float:
    """CPU seconds that the whole machine has not been idle."""
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS


def children_of(pid: int) -> list[int]:
    """The processes that this one began."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def percentile(values: Sequence[float], percent: int) -> float:
    """Of seconds, in milliseconds; nan of none."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)] * 1000
