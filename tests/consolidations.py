"""A consolidation under test: the old rcm database with every oddity, and the steps of its life by their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg

from conftest import TEMPLATE, Database
from mainstem.consolidate.compile import Program
from mainstem.consolidate.life import (
    Loss,
    Plan,
    Proof,
    Switched,
    abandon,
    adopt,
    compiled,
    copy,
    cut_over,
    finish,
    losses,
    migrator,
    read_plan,
    roll_back,
    verify,
)
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.writer import Writer
from servers import database as fresh_database
from servers import in_database

OLD_TABLES = (
    "workflow_trace",
    "workflow_steps",
    "workflow_events",
    "workflow_trace_screenshot",
    "workflow_trace_context",
)


@dataclass
class Life:
    """One system on its way; each step reads plan and program anew, as each command does."""

    url: str
    conn: psycopg.Connection[Any]
    system: str = "rcm"

    @property
    def plan(self) -> Plan:
        return read_plan(self.conn, self.system)

    @property
    def program(self) -> Program:
        return compiled(self.conn, self.plan)

    def copy(self) -> dict[str, int]:
        return copy(self.conn, self.program, self.plan)

    def verify(self) -> Proof:
        return verify(self.conn, self.program, self.plan)

    def cut_over(self) -> Switched:
        return cut_over(self.conn, self.program, self.plan)

    def roll_back(self, *, accept_loss: bool = False) -> list[Loss]:
        return roll_back(self.conn, self.program, self.plan, accept_loss=accept_loss)

    def losses(self) -> list[Loss]:
        return losses(self.conn, self.program)

    def finish(self) -> list[str]:
        return finish(self.conn, self.program, typed=self.system)

    def abandon(self) -> None:
        abandon(self.conn, self.program)

    def forward(self) -> Switched:
        """From wherever it is before a cut-over to after it."""
        self.copy()
        self.verify()
        return self.cut_over()


@contextmanager
def living(
    database: Database, text: str | None = None, *, second_shape: bool = False, sample: bool = True
) -> Iterator[Life]:
    """A life that has been planned and nothing more."""
    if sample:
        with psycopg.connect(database.url, autocommit=True) as conn:
            install(conn, second_shape=second_shape)
    with migrator(database.url, "rcm") as conn:
        plan = adopt(conn, text or preset("rcm"))
        yield Life(database.url, conn, plan.source)


@cache
def _template(server_url: str) -> str:
    """A database of this server in which the sample, in both its shapes, is copied: tests begin with a copy of it."""
    name = "rcm_copied"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f"create database {name} template {TEMPLATE} strategy file_copy".encode())
    with living(Database(in_database(server_url, name)), second_shape=True) as life:
        life.copy()
    return name


@contextmanager
def copied_life(server_url: str) -> Iterator[Life]:
    """A life whose rows are copied and not yet verified."""
    with fresh_database(server_url, _template(server_url)) as url, migrator(url, "rcm") as conn:
        yield Life(url, conn)


@contextmanager
def old_code(url: str) -> Iterator[psycopg.Connection[Any]]:
    """The old application's connection: it names tables without their schema."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=public -c timezone=UTC") as conn:
        yield conn


def rows(conn: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    """Rows of a query, in an order of their own."""
    found = conn.execute(query.encode()).fetchall()
    return sorted(found, key=str)


def differences(url: str, writer: Writer) -> list[str]:
    """What a writer was told and is not there. Each old name is read once, as a whole, and not row by row."""
    with old_code(url) as conn:
        for table in OLD_TABLES:
            conn.execute(f"create temp table {table} as select * from public.{table}")
        for table, key in (
            ("workflow_trace", "trace_id"),
            ("workflow_steps", "step_id"),
            ("workflow_events", "event_id"),
            ("workflow_trace_screenshot", "screenshot_id"),
            ("workflow_trace_context", "context_id"),
        ):
            conn.execute(f"create index on pg_temp.{table} ({key})")
        return writer.memory.differences(conn)
