"""Old code before and after the switch: the same statements to the old tables and to the views of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
from old_statements import DIFFERENT, STATEMENTS

from conftest import TEMPLATE
from mainstem.consolidate.life import adopt, compiled, copy, cut_over, migrator, read_plan, verify
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.rows import SEQUENCES
from mainstem.consolidate.presets.rcm.sample.statements import KEYS
from servers import database as fresh_database

Conn: TypeAlias = psycopg.Connection[Any]

TODAY = datetime.now(UTC)
EXAMPLES = (Path(__file__).parents[2] / "ledger/seed_001_examples.sql").read_text(encoding="utf-8")
RECENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00")
VIEWS = (
    "v_active_workflow_configs",
    "v_workflow_execution_summary",
    "v_workflow_channel_performance",
    "v_node_execution_stats",
    "v_workflow_execution_timeline",
    "v_failed_steps_analysis",
)


CONFIGS = {
    "workflow_configs": "config_id",
    "channel_configs": "channel_config_id",
    "workflow_channel_configs": "workflow_channel_config_id",
    "config_status": "status_id",
}


def switch(url: str) -> None:
    with migrator(url, "rcm") as conn:
        program = compiled(conn, adopt(conn, preset("rcm")))
        copy(conn, program, read_plan(conn, "rcm"))
        verify(conn, program, read_plan(conn, "rcm"))
        cut_over(conn, program, read_plan(conn, "rcm"))


@contextmanager
def old_database(server_url: str, *, switched: bool) -> Iterator[Conn]:
    with fresh_database(server_url, TEMPLATE) as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set timezone = 'UTC'")
        install(conn, today=TODAY, second_shape=True)
        if switched:
            switch(url)
        yield conn


@pytest.fixture
def before(server_url: str) -> Iterator[Conn]:
    with old_database(server_url, switched=False) as conn:
        yield conn


@pytest.fixture
def after(server_url: str) -> Iterator[Conn]:
    with old_database(server_url, switched=True) as conn:
        yield conn


def shown(conn: Conn, relation: str) -> list[str]:
    return sorted(row[0] for row in conn.execute(f"select r::text from {relation} r".encode()))


def test_every_view_and_table_shows_the_same(before: Conn, after: Conn) -> None:
    assert [
        name
        for name in (*VIEWS, *KEYS, *CONFIGS, "workflow_trace_screenshot_v9")
        if shown(before, name) != shown(after, name)
    ] == []


def test_the_documentation_s_examples_run_unchanged(after: Conn) -> None:
    statements = [text for text in map(str.strip, re.split(r";\n", EXAMPLES)) if text]
    answers = [after.execute(statement.encode()).fetchall() for statement in statements]
    assert answers[:4] == [[(10001,)], [(20001,)], [("",)], [("",)]]
    assert [row[0] for row in answers[4]] == ["member", "user_session"]
    assert len(answers[6]) == 10


def told(conn: Conn, statement: str, round_: int) -> Any:
    """The rows and their number, or the SQLSTATE; the next ids are the same on both sides, whatever failed before."""
    for table, column, last in SEQUENCES[:5]:
        conn.execute("select setval(%s, %s)", [f"{table}_{column}_seq", last + 100 * round_])
    try:
        with conn.transaction():
            cursor = conn.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return cursor.rowcount, [
        tuple(map(str, row)) for row in cursor.fetchall()
    ] if cursor.description else None


def rows(conn: Conn) -> dict[tuple[str, Any], Any]:
    return {
        (table, key): without_now(row)
        for table, column in (*KEYS.items(), *CONFIGS.items())
        for key, row in conn.execute(f"select {column}, to_jsonb(t) from {table} t".encode())
    }


def without_now(row: dict[str, Any]) -> dict[str, Any]:
    """What the clock said in the test is `now`; what was reckoned from it is left out."""
    since = TODAY.isoformat()
    told = {
        name: "now" if isinstance(value, str) and RECENT.fullmatch(value) and value > since else value
        for name, value in row.items()
    }
    if told.get("end_time") == "now":
        told["duration_ms"] = "reckoned"
    if told.get("timestamp") == "now" and isinstance(told["event_data"], dict):
        told["event_data"] = {
            name: value for name, value in told["event_data"].items() if name != "duration_ms"
        }
    return told


def answer(before: Conn, after: Conn, statement: str, round_: int) -> str | None:
    was, now = told(before, statement, round_), told(after, statement, round_)
    return None if was == now else f"{statement}: answers {now}, not {was}"


def changed(before: Conn, after: Conn) -> list[str]:
    old, new = rows(before), rows(after)
    return [
        f"{row} is {new.get(row)}, not {old.get(row)}"
        for row in sorted(old.keys() | new.keys())
        if old.get(row) != new.get(row)
    ]


def test_what_old_code_says_is_answered_and_done_as_before(before: Conn, after: Conn) -> None:
    asked = [statement for statement in STATEMENTS if statement not in DIFFERENT]
    for round_, statement in enumerate(asked):
        assert answer(before, after, statement, round_) is None
        if round_ % 12 == 11:  # each time would take too long; what differs lies within twelve
            assert changed(before, after) == [], asked[round_ - 11 : round_ + 1]
    assert changed(before, after) == []


def test_what_is_known_to_differ_does(before: Conn, after: Conn) -> None:
    as_before = []
    for statement in DIFFERENT:
        with before.transaction(force_rollback=True), after.transaction(force_rollback=True):
            if not (answer(before, after, statement, 0) or changed(before, after)):
                as_before.append(statement)
    assert as_before == [], "no longer different: take them off the list"
    assert set(DIFFERENT) <= set(STATEMENTS)
