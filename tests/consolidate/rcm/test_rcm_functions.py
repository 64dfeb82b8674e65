"""The documentation's own examples on the old database, and the functions that replace those which views do not take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from conftest import Database
from mainstem.consolidate.presets.rcm.sample import install
from mainstem.consolidate.presets.rcm.sample.world import ENTER_CLAIM

EXAMPLES = (Path(__file__).parents[2] / "ledger/seed_001_examples.sql").read_text(encoding="utf-8")
STATEMENTS = [text for text in map(str.strip, re.split(r";\n", EXAMPLES)) if text]


@pytest.fixture
def conn(empty_database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(empty_database.url, autocommit=True) as connection:
        install(connection)
        yield connection


def install_functions_for_old_ids(conn: psycopg.Connection[Any]) -> None:
    text = files("mainstem.consolidate.presets.rcm").joinpath("functions.sql").read_text(encoding="utf-8")
    conn.execute(text.replace("{old}", "public").encode())


def answers(conn: psycopg.Connection[Any]) -> list[list[tuple[Any, ...]] | str]:
    """What each example gives, or the SQLSTATE that it fails with."""
    told: list[list[tuple[Any, ...]] | str] = []
    for statement in STATEMENTS:
        try:
            told.append(conn.execute(statement.encode()).fetchall())
        except psycopg.Error as error:
            told.append(str(error.sqlstate))
    return told


def test_every_example_of_the_documentation_is_tried() -> None:
    assert len(STATEMENTS) == 9


def test_the_examples_run_on_the_old_database_but_for_the_one_that_never_did(
    conn: psycopg.Connection[Any],
) -> None:
    started, step, completed, set_key, every_key, one_key, summary, channels, failed = answers(conn)
    assert started == [(10001,)]
    assert step == "42804"
    assert completed == [("",)]
    assert set_key == [("",)]
    assert [row[:2] for row in every_key] == [
        ("member", {"id": "A-17"}),
        ("user_session", {"session_id": "abc123"}),
    ]
    assert [row[0] for row in one_key] == ["user_session"]
    assert len(summary) == 10
    assert {row[1] for row in channels} == {"web", "voice", "efax"}
    assert [row[1] for row in failed] == [1003]


def test_with_the_functions_for_old_ids_all_of_them_run_unchanged(conn: psycopg.Connection[Any]) -> None:
    before = conn.execute("select * from get_workflow_context(1002) order by key").fetchall()
    install_functions_for_old_ids(conn)
    _, step, *_ = answers(conn)
    assert step == [(20001,)]
    [made] = conn.execute(
        "select trace_id, node_id::text, step_number, status::text, input_data from workflow_steps where step_id = 20001"
    ).fetchall()
    assert made == (1001, ENTER_CLAIM, 1, "running", {"input": "data"})
    [event] = conn.execute(
        "select event_type, event_data from workflow_events where step_id = 20001"
    ).fetchall()
    assert event == ("step_started", {"node_id": 5, "step_number": 1})
    [ended] = conn.execute(
        "select status::text, output_data from workflow_steps where step_id = 2001"
    ).fetchall()
    assert ended == ("completed", {"output": "data"})
    assert conn.execute("select * from get_workflow_context(1002) order by key").fetchall() == before


def test_a_step_begins_at_a_node_by_its_uuid_too(conn: psycopg.Connection[Any]) -> None:
    install_functions_for_old_ids(conn)
    [(step,)] = conn.execute("select start_workflow_step(1001, %s::uuid, 7)", [ENTER_CLAIM]).fetchall()
    [(node,)] = conn.execute("select node_id::text from workflow_steps where step_id = %s", [step]).fetchall()
    assert node == ENTER_CLAIM


@pytest.mark.parametrize(
    ("trace", "node", "told"),
    [
        (1006, 5, "no node"),  # Birch has no copy of it
        (1001, 6, "no node"),  # a number without a code
        (1001, 404, "no node"),
        (404, 5, "no node"),
    ],
)
def test_a_number_that_means_no_node_of_the_run_is_refused(
    conn: psycopg.Connection[Any], trace: int, node: int, told: str
) -> None:
    install_functions_for_old_ids(conn)
    with pytest.raises(
        errors.ForeignKeyViolation, match=f"node {node} is {told} in the workflow of trace {trace}"
    ):
        conn.execute("select start_workflow_step(%s, %s, 1)", [trace, node])


def test_a_number_that_means_two_nodes_is_refused(conn: psycopg.Connection[Any]) -> None:
    install_functions_for_old_ids(conn)
    conn.execute(
        "insert into workflow_trace (trace_id, workflow_id, channel, created_by) select 77, twice.workflow_id, 'web', t.created_by"
        " from workflow_trace t cross join lateral (select n.workflow_id from user_workflow_node n where n.label = 'open_portal'"
        " group by n.workflow_id having count(*) = 2) twice where t.trace_id = 1001"
    )
    with pytest.raises(errors.ForeignKeyViolation, match="node 1 is 2 nodes"):
        conn.execute("select start_workflow_step(77, 1, 1)")


def test_setting_context_keeps_when_it_was_made_and_tells_when_it_was_set_again(
    conn: psycopg.Connection[Any],
) -> None:
    install_functions_for_old_ids(conn)
    for value in ('"first"', '"second"'):
        conn.execute("select set_workflow_context(1001, 'key', %s::jsonb)", [value])
    [(value, made, again)] = conn.execute(
        "select value, created_at, updated_at from get_workflow_context(1001, 'key')"
    ).fetchall()
    assert (value, made < again) == ("second", True)
    with pytest.raises(errors.ForeignKeyViolation):
        conn.execute("select set_workflow_context(404, 'key', '1')")
