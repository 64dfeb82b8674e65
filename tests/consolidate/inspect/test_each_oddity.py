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
from mainstem.consolidate.inspect import KINDS, Inspection, Limits, Oddity, inspect, sqlite
from mainstem.consolidate.inspect.postgres import Postgres
from mainstem.consolidate.sources.postgres import reading


def in_file(path: Path, sql: str) -> Inspection:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(f"begin; {sql.replace('{timestamp}', 'text')}; commit;")
    with sqlite(path) as reader:
        return inspect(reader, reader.survey())


def in_schema(conn: psycopg.Connection[Any], schema: str) -> Inspection:
    reader = Postgres(conn, schema, Limits())
    return inspect(reader, reader.survey())


def written(schema: str, sql: str) -> str:
    return f"create schema {schema}; set search_path = {schema}; {sql.replace('{timestamp}', 'timestamptz')};"


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
    cases = {f"old_{n}": case for n, case in enumerate(CASES) if "postgres" in case.engines}
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        for schema, case in cases.items():
            conn.execute((written(schema, case.fires) + written(f"{schema}_nearly", case.near_miss)).encode())
    with reading(empty_database.url) as conn:
        missed = [case.kind for schema, case in cases.items() if not told(in_schema(conn, schema), case)]
        mistaken = [
            case.kind for schema, case in cases.items() if told(in_schema(conn, f"{schema}_nearly"), case)
        ]
    assert (missed, mistaken) == ([], [])


def test_each_kind_is_documented_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs/inspecting.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {kind.means} | {kind.decision} |" for name, kind in KINDS.items()]
