"""What each safeguard costs: flushes of the same records with it and without, as ratios.

    python bench/safeguards.py      # about two minutes

Each variant is a database of its own with one thing taken out. They take turns, flush by flush in random order, so
that whatever else the machine does meets them all alike; what is compared is the CPU time of the backend, the median
of all flushes, and the WAL that it wrote.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from database import SETTINGS, bench_server, ledger_database
from machine import machine
from mainstem.flow.values import dumped
from mainstem.ids import new_run_id
from mainstem.ledger import queue, runs
from mainstem.ledger.call import perform
from mainstem.ledger.recorder import ENDINGS, FLUSH, STARTS, STEPS, Batch, Entry
from mainstem.ledger.records import (
    COMPOSITES,
    OIDS_SQL,
    EndingRecord,
    Record,
    StartRecord,
    StepRecord,
    register,
)
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import EmbeddedServer, connect
from report import print_settings, print_table
from work import VALUE

AT_ONCE = 128
"""Steps in a flush."""

ENDED_AT_ONCE = 16
"""Runs that begin, and then end, in a flush each."""

Change = Callable[[psycopg.Connection[Any]], None]
"""Takes a safeguard out of a database."""


def execute(*statements: str) -> Change:
    def change(conn: psycopg.Connection[Any]) -> None:
        for statement in statements:
            conn.execute(statement.encode())

    return change


def rewrite(function: str, what: str, instead: str) -> Change:
    """Install a function of ours with a part of its body replaced."""

    def change(conn: psycopg.Connection[Any]) -> None:
        [(text,)] = conn.execute(
            "select pg_get_functiondef(oid) from pg_proc"
            " where pronamespace = 'mainstem'::regnamespace and proname = %s",
            [function],
        ).fetchall()
        if text.count(what) != 1:
            raise SystemExit(f"{function} no longer says {what!r} once: correct this bench")
        conn.execute(text.replace(what, instead).encode())

    return change


def without_checks(conn: psycopg.Connection[Any]) -> None:
    for table, name in conn.execute(
        "select conrelid::regclass::text, quote_ident(conname) from pg_constraint"
        " where contype = 'c' and conislocal and conrelid in"
        " ('mainstem.user_workflow_run'::regclass, 'mainstem.user_workflow_run_step'::regclass)"
    ).fetchall():
        conn.execute(f"alter table {table} drop constraint {name}".encode())
    for domain, name in conn.execute(
        "select contypid::regtype::text, quote_ident(conname) from pg_constraint where contypid > 0"
    ).fetchall():
        conn.execute(f"alter domain {domain} drop constraint {name}".encode())


def without_row_level_security(conn: psycopg.Connection[Any]) -> None:
    for (table,) in conn.execute(
        "select oid::regclass::text from pg_class where relnamespace = 'mainstem'::regnamespace and relrowsecurity"
    ).fetchall():
        conn.execute(f"alter table {table} disable row level security".encode())


def in_one_leaf(conn: psycopg.Connection[Any]) -> None:
    for parent, leaf in conn.execute(
        "select inhparent::regclass::text, inhrelid::regclass::text from pg_inherits"
        " where inhparent::regclass::text like 'mainstem.%%' and inhrelid::regclass::text not like %s"
        " and inhparent in (select partrelid from pg_partitioned_table)",
        [f"%{time.strftime('p%Y%m', time.gmtime())}%"],
    ).fetchall():
        conn.execute(f"alter table {parent} detach partition {leaf}".encode())


in_ninety_leaves = execute(
    "select mainstem.ensure_workflow_leaf(clock_timestamp() - n * interval '1 month') from generate_series(1, 88) n"
)

unpartitioned = execute(
    "create table mainstem.whole (like mainstem.user_workflow_run_step including all)",
    "alter table mainstem.user_workflow_run_step rename to parted",
    "alter table mainstem.whole rename to user_workflow_run_step",
    "grant select, insert, update on mainstem.user_workflow_run_step to mainstem_worker",
    "alter table mainstem.user_workflow_run_step enable row level security, force row level security",
    "create policy everything on mainstem.user_workflow_run_step to mainstem_owner, mainstem_worker using (true)",
)

bare = execute(
    "create function mainstem.bare(steps mainstem._step_record[], org uuid) returns void language sql as $$"
    " insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, iteration, status,"
    " retry_count, started_at, ended_at, duration_ms, input_data, output_data, metadata)"
    " select mainstem.step_id(s.run_id, s.step_number), s.run_id, org, s.step_number, s.node_key, s.iteration,"
    " s.status, s.retry_count, clock_timestamp() - s.age_us * interval '1 microsecond',"
    " clock_timestamp() - s.ended_us * interval '1 microsecond', (s.age_us - s.ended_us) / 1000, s.input_data,"
    " s.output_data, coalesce(s.metadata, '{}') from unnest(steps) s $$",
    "grant execute on function mainstem.bare to mainstem_worker",
)


def without_index(name: str) -> tuple[str, Change]:
    return f"index {name}", execute(f"drop index mainstem.{name}")


def without_key(table: str) -> tuple[str, Change]:
    return f"key of {table}", execute(f"alter table mainstem.{table} drop constraint {table}_pkey cascade")


OF_STEPS: dict[str, Change] = dict([
    ("row level security", without_row_level_security),
    ("CHECKs and domains", without_checks),
    ("fence: the worker's row is locked", rewrite(
        "_flush_v1", "w.worker_id = worker and w.reaped_at is null for key share", "w.worker_id = worker")),
    ("fence: only runs of this worker", rewrite(
        "_record_steps_v1", "where own.run_id = s.run_id and own.worker_id = worker and own.epoch = s.epoch offset 0",
        "limit 1")),
    ("change log, the receipt of a flush", rewrite(
        "_record_steps_v1", "from recorded r group by r.org_id", "from recorded r where false group by r.org_id")),
    ("NOTIFY", rewrite("_flush_v1", "perform pg_notify('mainstem_change', '');", "")),
    ("all of these: a bare INSERT … SELECT", bare),
    ("more leaves than one", in_one_leaf),
    ("partitions: one plain table", unpartitioned),
    ("(90 leaves)", in_ninety_leaves),
    without_index("user_workflow_run_step_by_node"),
    without_index("user_workflow_run_step_failed"),
    without_key("user_workflow_run_step"),
])  # fmt: skip

OF_RUNS: dict[str, Change] = dict([
    ("row level security", without_row_level_security),
    ("CHECKs and domains", without_checks),
    ("foreign keys", execute(
        "alter table mainstem.user_workflow_run drop constraint user_workflow_run_org_id_workflow_id_fkey",
        "alter table mainstem.user_workflow_run drop constraint user_workflow_run_org_id_created_by_fkey")),
    without_index("user_workflow_run_by_workflow"),
    without_index("user_workflow_run_by_status"),
    without_index("user_workflow_run_by_channel"),
    without_index("user_workflow_run_by_external_id"),
    without_index("queue_owned"),
    ("(90 leaves)", in_ninety_leaves),
])  # fmt: skip


@dataclass
class Subject:
    """A worker's connection to one variant, and what its turns took."""

    conn: psycopg.Connection[Any]
    workflow_id: UUID
    is_bare: bool = False
    worker_id: UUID = field(default_factory=uuid4)
    cpu: list[int] = field(default_factory=list)
    """Nanoseconds of each turn."""
    wal: list[int] = field(default_factory=list)
    _flush: int = 0
    _step: int = 0
    _run_ids: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        register(self.conn)
        self._oids = dict(self.conn.execute(OIDS_SQL, [list(COMPOSITES)]).fetchall())
        perform(
            self.conn, queue.register_worker(self.worker_id, host="bench", pid=1, capabilities={}, ttl=3600)
        )

    def begin_runs(self, number: int = ENDED_AT_ONCE) -> None:
        self._run_ids = [new_run_id() for _ in range(number)]
        starts = [
            StartRecord(run_id, DEFAULT_ORG, self.workflow_id, "web", _text()) for run_id in self._run_ids
        ]
        self._send(STARTS, starts)

    def flush_steps(self) -> None:
        self._step += 1
        number, now = self._step, time.monotonic_ns()
        steps = [
            StepRecord(run_id, 1, number, number, b"noop", now, b"completed", now, 0, _text(), _text())
            for run_id in self._run_ids
        ]
        self._send(STEPS, steps)

    def flush_runs(self) -> None:
        self.begin_runs()
        self._send(ENDINGS, [EndingRecord(run_id, 1, "completed", _text()) for run_id in self._run_ids])

    def take_turn(self, work: Callable[[Subject], None]) -> None:
        wal, cpu = self._counters()
        work(self)
        wal_then, cpu_then = self._counters()
        self.wal.append(wal_then - wal)
        self.cpu.append(cpu_then - cpu)

    def _counters(self) -> tuple[int, int]:
        [(wal,)] = self.conn.execute("select pg_current_wal_insert_lsn() - '0/0'").fetchall()
        return int(wal), nanoseconds_of(self.conn.info.backend_pid)

    def _send(self, column: int, records: Sequence[Record]) -> None:
        self._flush += 1
        arrays = Batch([Entry(records, _nobody, column)]).parameters(self._oids)
        query, given = FLUSH, [self.worker_id, self._flush, False, *arrays]
        if self.is_bare and column == STEPS:
            query, given = (
                "select mainstem.bare(%b::mainstem._step_record[], %s)",
                [arrays[STEPS], DEFAULT_ORG],
            )
        self.conn.execute(query.encode(), given, prepare=True)


def nanoseconds_of(pid: int) -> int:
    """CPU time of a process, finer than the kernel's ticks."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


_nobody: Any = None
"""Nobody waits for these entries."""


def _text() -> bytes:
    return dumped(VALUE, "value")


@contextmanager
def subjects(
    server: EmbeddedServer, template: str, changes: dict[str, Change]
) -> Iterator[dict[str, Subject]]:
    """One of each variant, and "as installed"."""
    with ExitStack() as stack:
        made = {}
        for name, change in {"as installed": execute(), **changes}.items():
            url = stack.enter_context(ledger_database(server, template))
            with psycopg.connect(url, autocommit=True) as conn:
                change(conn)
                [(workflow_id,)] = conn.execute("select workflow_id from mainstem.user_workflow").fetchall()
            conn = stack.enter_context(connect(url, role="mainstem_worker", application_name="bench"))
            made[name] = Subject(conn, workflow_id, is_bare=change is bare)
        yield made


def take_turns(made: dict[str, Subject], work: Callable[[Subject], None], turns: int) -> None:
    order = list(made.values())
    for _ in range(turns):
        random.shuffle(order)
        for subject in order:
            subject.take_turn(work)


def print_costs(title: str, made: dict[str, Subject], pieces: int) -> None:
    def cost(subject: Subject) -> float:
        return statistics.median(subject.cpu[len(subject.cpu) // 10 :]) / pieces / 1000

    def wal(subject: Subject) -> float:
        return statistics.median(subject.wal) / pieces

    whole = made["as installed"]
    rows = [
        (
            name,
            f"{cost(s):.1f}",
            f"{cost(whole) / cost(s):.2f}",
            f"{wal(s):,.0f}",
            f"{wal(whole) / wal(s):.2f}",
        )
        for name, s in made.items()
    ]
    print(f"\n{title}")
    print_table(("without", "CPU µs", "with / without", "WAL B", "with / without"), rows)


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("--turns", type=int, default=300, help="flushes of each variant")
    chosen = given.parse_args()
    print(machine())
    print_settings(SETTINGS)
    with bench_server() as server, ledger_database(server) as url:
        with connect(url, role="mainstem_app", application_name="bench") as conn:
            perform(conn, runs.register_workflow("bench", None), org_id=DEFAULT_ORG)
        template = url.rpartition("/")[2].partition("?")[0]
        with subjects(server, template, OF_STEPS) as made:
            for subject in made.values():
                subject.begin_runs(AT_ONCE)
            take_turns(made, Subject.flush_steps, chosen.turns)
            print_costs(f"A step, in flushes of {AT_ONCE}", made, AT_ONCE)
        with subjects(server, template, OF_RUNS) as made:
            take_turns(made, Subject.flush_runs, chosen.turns)
            print_costs(f"A run, begun and ended in flushes of {ENDED_AT_ONCE}", made, ENDED_AT_ONCE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
