"""Each kind of oddity is found where it is, and not where it only nearly is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from odd_cases import CASES, Case

from conftest import Database
from mainstem.consolidate.inspect import KINDS, Inspection, Oddity, inspect, postgres, sqlite


def in_file(path: Path, sql: str) -> Inspection:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(sql.replace("{timestamp}", "text"))
    with sqlite(path) as reader:
        return inspect(reader, reader.survey())


def in_schema(url: str, sql: str) -> Inspection:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("drop schema if exists old cascade; create schema old; set search_path = old")
        conn.execute(sql.replace("{timestamp}", "timestamptz").encode())
    with postgres(url, schema="old") as reader:
        return inspect(reader, reader.survey())


def cases_of(engine: str) -> list[Any]:
    chosen = [case for case in CASES if engine in case.engines]
    return [pytest.param(case, id=f"{case.kind}-{n}") for n, case in enumerate(chosen)]


def told(found: Inspection, case: Case) -> tuple[Oddity, ...]:
    return found.odd(case.kind, case.table)


def test_each_kind_has_a_case_and_there_are_no_others() -> None:
    assert {case.kind for case in CASES} == set(KINDS)


@pytest.mark.parametrize("case", cases_of("sqlite"))
def test_in_a_file(case: Case, tmp_path: Path) -> None:
    [oddity, *_] = told(in_file(tmp_path / "old.db", case.fires), case)
    assert oddity.means == KINDS[case.kind].means
    assert len(oddity.examples) <= 5
    assert told(in_file(tmp_path / "old.db", case.near_miss), case) == ()


def test_in_a_schema(empty_database: Database) -> None:
    missed, mistaken = [], []
    for case in (case for case in CASES if "postgres" in case.engines):
        if not told(in_schema(empty_database.url, case.fires), case):
            missed.append(case.kind)
        if told(in_schema(empty_database.url, case.near_miss), case):
            mistaken.append(case.kind)
    assert (missed, mistaken) == ([], [])
