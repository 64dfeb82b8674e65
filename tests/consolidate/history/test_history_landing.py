"""The history file lands, is caught up under the old application's statements, answers as before, and goes back."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from conftest import Database
from mainstem.consolidate.presets.history.sample import SHAPES, Shape, build
from mainstem.consolidate.presets.history.sample.queries import Query, every_query
from mainstem.consolidate.presets.history.sample.writer import Writer, running, until
from mainstem.consolidate.sources.sqlite import (
    Landed,
    allow_writes,
    bring_back,
    catch_up,
    install_triggers,
    land,
    landed_digest,
    landed_table,
    snapshot,
    stop_writes,
)

SCHEMA = "mainstem_landing_history"
VIEW = f"{SCHEMA}.workflow_history"

Conn = psycopg.Connection[Any]


@pytest.fixture
def conn(empty_database: Database) -> Iterator[Conn]:
    with psycopg.connect(empty_database.url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "workflow_history.db"
    build(made)
    return made


def landed(path: Path, conn: Conn) -> Landed:
    with snapshot(path) as taken:
        return land(taken, conn, SCHEMA)


@pytest.mark.parametrize("shape", SHAPES)
def test_columns_land_by_what_they_hold(tmp_path: Path, conn: Conn, shape: Shape) -> None:
    build(tmp_path / "old.db", shape)
    found = landed(tmp_path / "old.db", conn)
    assert found.counts == {"workflow_history": 458, "workflow_history_archive": 7}
    types = found.types["workflow_history"]
    times = found.forms["workflow_history"]["created_at"]
    assert set(times) == {"time with T, no zone", "time with T and a zone", "time with a blank, no zone"}
    assert set(found.forms["workflow_history"]["cost_breakdown"]) == {
        "JSON object",
        "no JSON, though it looks like it",
        "empty",
    }
    assert found.forms["workflow_history"]["structured_input"]["JSON encoded twice"] == 1
    assert {name for name, type_ in types.items() if type_ == "numeric"} == {"duration_seconds"}
    assert (types["id"], types["total_tokens"], types["success_rate"]) == (
        "bigint",
        "bigint",
        "double precision",
    )
    assert {(finding.column, finding.kind) for finding in found.findings} == {
        ("backend_port", "mixed types"),
        ("phase_count", "mixed types"),
    }


def asked(path: Path, query: Query) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(query.sqlite, query.parameters).fetchall()


def same(one: Any, other: Any) -> bool:
    """Numbers by value, as sums come in any order; one in a column that holds texts as well is its text there."""
    if one == other or str(one) == str(other):
        return True
    numbers = isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal)
    return numbers and math.isclose(one, other, rel_tol=1e-12)


def differing(before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> list[Any]:
    if len(before) != len(after):
        return [(len(before), len(after))]
    pairs = zip(before, after, strict=True)
    return [(one, other) for rows in pairs for one, other in zip(*rows, strict=True) if not same(one, other)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_old_questions_have_the_old_answers(tmp_path: Path, conn: Conn, shape: Shape) -> None:
    path = tmp_path / "old.db"
    build(path, shape)
    landed(path, conn)
    answered = {}
    for query in every_query(shape):
        before = asked(path, query)
        after = conn.execute(query.on(VIEW).encode(), query.parameters).fetchall()
        assert differing(before, after) == [], query.name
        answered[query.name] = len(before)
    assert answered["search beyond ASCII"] == 0 < answered["search in capitals beyond ASCII"]
    assert (
        min(answered[name] for name in ("one day, by text", "one day, by text with T", "midnight", "Monday"))
        > 0
    )
    assert answered["one day, by text"] != answered["one day, by text with T"]


def rows_in_postgres(conn: Conn) -> Any:
    def rows(adw_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        with conn.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(
                f"select * from {VIEW} where adw_id = any(%s)".encode(), [list(adw_ids)]
            ).fetchall()
        return {row["adw_id"]: row for row in found}

    return rows


def rows_in_the_file(path: Path) -> Any:
    def rows(adw_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        with closing(sqlite3.connect(path)) as file:
            file.row_factory = sqlite3.Row
            found = file.execute("select * from workflow_history").fetchall()
        return {row["adw_id"]: dict(row) for row in found}

    return rows


def digests(conn: Conn) -> dict[str, Any]:
    found = {}
    for name in ("workflow_history", "workflow_history_archive"):
        table = landed_table(conn, SCHEMA, name)
        assert table is not None
        found[name] = landed_digest(conn, table)
    return found


def moved(path: Path, conn: Conn, writers: Sequence[Writer]) -> None:
    """The move under writers, up to the write stop, which each meets at its next write, and the last of what they wrote."""
    install_triggers(path)
    landed(path, conn)
    for writer in writers:
        until(writer, 30)
        assert catch_up(path, conn, SCHEMA).handled
    stop_writes(path, moved_to="the view workflow_history in PostgreSQL")
    deadline = time.monotonic() + 15
    while any(writer.is_running for writer in writers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while catch_up(path, conn, SCHEMA).left:
        pass


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_the_file_moves_under_the_old_application_and_nothing_is_lost(
    path: Path, conn: Conn, journal: str
) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"pragma journal_mode = {journal}")
    with running(path, seed=1) as one, running(path, seed=2) as two:
        until(one, 20)
        moved(path, conn, [one, two])
    for writer in (one, two):
        assert writer.errors == []
        assert writer.moved == "workflow_history: moved to the view workflow_history in PostgreSQL"
        assert writer.differences(rows_in_postgres(conn)) == []
        assert writer.differences(rows_in_the_file(path)) == []
    before = digests(conn)
    again = landed(path, conn)
    assert again.digests == before
    assert again.counts["workflow_history"] == 458 + one.counts["begin"] + two.counts["begin"]


def test_a_rollback_gives_the_file_what_was_written_since_and_the_application_goes_on(
    path: Path, conn: Conn
) -> None:
    with running(path, seed=1) as before:
        until(before, 50)
        moved(path, conn, [before])
    conn.execute(f"update {VIEW} set status = 'failed', error_message = 'seen since' where id % 10 = 1")
    conn.execute(f"delete from {VIEW} where id = 30")
    conn.execute(
        f"insert into {VIEW} (id, adw_id, status, created_at, updated_at, submission_hour, duration_seconds)"
        " values (90000, 'since', 'completed', '2025-12-01 00:00:00', '2025-12-01 00:00:00', 0, 2.5)"
    )
    brought = bring_back(conn, SCHEMA, path)
    assert (brought["workflow_history"].inserted, brought["workflow_history"].deleted) == (1, 1)
    assert {name: each.digest for name, each in brought.items()} == digests(conn)
    allow_writes(path)
    with running(path, seed=3) as after:
        until(after, 30)
    assert (after.errors, after.moved) == ([], None)
    new = rows_in_the_file(path)([])["since"]
    assert (new["submission_hour"], new["duration_seconds"], new["scoring_version"]) == (0, 2.5, "1.0")
    kept = rows_in_the_file(path)([])
    assert sum(row["error_message"] == "seen since" for row in kept.values()) > 40
