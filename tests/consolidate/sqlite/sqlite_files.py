"""What tests do with SQLite files: statements, questions, landing; nothing stays open."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from mainstem.consolidate.sources.sqlite import Landed, land, snapshot

SCHEMA = "mainstem_landing_old"

RUNS = """
create table runs (
  id integer primary key autoincrement, name text not null unique, status text default 'new', tokens integer,
  cost real check (cost >= 0), note text)
"""


def do(path: Path, *statements: str, many: Sequence[Any] | None = None) -> None:
    """Statements in one transaction."""
    with closing(sqlite3.connect(path)) as conn, conn:
        for statement in statements:
            if many is not None:
                conn.executemany(statement, many)
            else:
                conn.execute(statement)


def ask(path: Path, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(query, parameters).fetchall()


def land_all(path: Path, conn: psycopg.Connection[Any], **more: Any) -> Landed:
    with snapshot(path) as taken:
        return land(taken, conn, SCHEMA, **more)


def landed_rows(conn: psycopg.Connection[Any], columns: str, table: str = "runs") -> list[tuple[Any, ...]]:
    return conn.execute(f"select {columns} from {SCHEMA}.{table} order by 1").fetchall()
