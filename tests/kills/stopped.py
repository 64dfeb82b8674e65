"""A worker process that stops itself, by SIGSTOP, in a certain state; and what it tries when it goes on.

    python stopped.py URL WORKFLOW_ID STATE

It owns one run, has recorded the first step, and is writing the second. It prints the run's id before it stops, and
afterwards what became of that write and of one record of each kind: `written`, or the error's class.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg

from mainstem.errors import MainstemError
from mainstem.ids import new_run_id
from mainstem.ledger import queue
from mainstem.ledger.call import perform
from mainstem.ledger.recorder import (
    CLOSINGS,
    ENDINGS,
    EVENTS,
    FLUSH,
    STARTS,
    STEPS,
    WAITS,
    Batch,
    Entry,
)
from mainstem.ledger.records import (
    COMPOSITES,
    OIDS_SQL,
    EndingRecord,
    EventRecord,
    Record,
    StartRecord,
    StepRecord,
    WaitRecord,
    register,
)
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect

LEASE = 1.0


class Stopping:
    """A worker's connection, and the run that it owns."""

    def __init__(self, url: str, workflow_id: UUID) -> None:
        self.worker_id = uuid4()
        self.run_id = new_run_id()
        self.flushes = 0
        self.start = StartRecord(new_run_id(), DEFAULT_ORG, workflow_id, "web", b"{}")
        self.conn = connect(url, role="mainstem_worker", application_name="stopping")
        register(self.conn)
        self.oids: dict[str, int] = dict(self.conn.execute(OIDS_SQL, [list(COMPOSITES)]).fetchall())
        own = queue.register_worker(self.worker_id, host="here", pid=os.getpid(), capabilities={}, ttl=LEASE)
        perform(self.conn, own)
        self.flush(STARTS, replace(self.start, run_id=self.run_id))
        self.flush(STEPS, self.step(1))

    def step(self, number: int) -> StepRecord:
        now = time.monotonic_ns()
        return StepRecord(
            self.run_id, 1, number, number, b"note", now, b"completed", now, 0, b"{}", b'"stopped"'
        )

    def flush(self, column: int, record: Record) -> list[Any]:
        """What the ledger answers to one record."""
        return self.send(column, record).fetchall()

    def send(self, column: int, record: Record) -> psycopg.Cursor[Any]:
        self.flushes += 1
        batch = Batch([Entry([record], None, column)])  # type: ignore[arg-type]
        arrays = batch.parameters(self.oids)
        return self.conn.execute(FLUSH, [self.worker_id, self.flushes, False, *arrays])

    def between_flushes(self) -> list[Any]:
        stop()
        return self.flush(STEPS, self.step(2))

    def inside_a_transaction(self) -> None:
        with self.conn.transaction():
            self.flush(STEPS, self.step(2))
            stop()

    def between_execute_and_sync(self) -> None:
        with self.conn.pipeline():
            self.send(STEPS, self.step(2))
            self.conn.pgconn.send_flush_request()
            while self.conn.pgconn.flush():
                pass
            time.sleep(
                0.2
            )  # the server has executed it: the parent sees that its backend waits for its client
            stop()

    def try_everything(self, url: str) -> list[str]:
        """One of each kind, on a new connection: whatever became of the old one, the worker may write nothing more."""
        self.conn = connect(url, role="mainstem_worker", application_name="stopping")
        register(self.conn)
        now = time.monotonic_ns()
        tried: list[Callable[[], Any]] = [
            lambda: self.flush(STARTS, self.start),
            lambda: self.flush(STEPS, self.step(7)),
            lambda: self.flush(CLOSINGS, self.step(1)),
            lambda: self.flush(EVENTS, EventRecord(self.run_id, 1, 1, now, b"late", b"{}")),
            lambda: self.flush(WAITS, WaitRecord(self.run_id, 1, 8, 1, "sleep", "sleep", timeout_us=0)),
            lambda: self.flush(ENDINGS, EndingRecord(self.run_id, 1, "failed", error_message="late")),
            lambda: perform(self.conn, queue.heartbeat(self.worker_id)),
            lambda: perform(self.conn, queue.claim(self.worker_id, ["default"], 9, {})),
        ]
        return [attempt(one) for one in tried]


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def attempt(write: Callable[[], Any]) -> str:
    try:
        answers = write()
    except (psycopg.Error, MainstemError) as error:
        return type(error).__name__
    return str(answers[0][2]) if answers else "written"


STATES: dict[str, Callable[[Stopping], Any]] = {
    "between two flushes": Stopping.between_flushes,
    "inside a transaction": Stopping.inside_a_transaction,
    "in a pipeline, between Execute and Sync": Stopping.between_execute_and_sync,
}


def main() -> None:
    url, workflow_id, state = sys.argv[1:]
    worker = Stopping(url, UUID(workflow_id))
    print(worker.run_id, flush=True)
    print(attempt(lambda: STATES[state](worker)), *worker.try_everything(url), sep="\n", flush=True)


if __name__ == "__main__":
    main()
