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

from conftest import TEMPLATE
from mainstem.consolidate.life import adopt, compiled, copy, cut_over, migrator, read_plan, verify
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.rows import SEQUENCES
from mainstem.consolidate.presets.rcm.sample.statements import KEYS
from old_statements import DIFFERENT, STATEMENTS
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
        install(conn, today=TODAY)
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
    assert [name for name in (*VIEWS, *KEYS) if shown(before, name) != shown(after, name)] == []


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
        cursor = conn.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return cursor.rowcount, [tuple(map(str, row)) for row in cursor.fetchall()] if cursor.description else None


def rows(conn: Conn) -> dict[tuple[str, int], Any]:
    return {
        (table, key): without_now(row)
        for table, column in KEYS.items()
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
        told["event_data"] = {name: value for name, value in told["event_data"].items() if name != "duration_ms"}
    return told


def difference(before: Conn, after: Conn, statement: str, round_: int) -> str | None:
    was, now = told(before, statement, round_), told(after, statement, round_)
    if was != now:
        return f"answers {now}, not {was}"
    old, new = rows(before), rows(after)
    other = sorted(row for row in old.keys() | new.keys() if old.get(row) != new.get(row))
    return f"{other[0]} is {new.get(other[0])}, not {old.get(other[0])}" if other else None


def test_what_old_code_says_is_answered_and_done_as_before(before: Conn, after: Conn) -> None:
    found = {}
    for round_, statement in enumerate(STATEMENTS):
        if statement not in DIFFERENT and (what := difference(before, after, statement, round_)):
            found[statement] = what
            break  # what follows would differ as well
    assert found == {}


@pytest.mark.parametrize("statement", DIFFERENT)
def test_what_is_known_to_differ_does(before: Conn, after: Conn, statement: str) -> None:
    assert difference(before, after, statement, 0), f"no longer different, take it off the list: {statement}"
