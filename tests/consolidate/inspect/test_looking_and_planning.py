"""`consolidate inspect` and `consolidate plan` as they are typed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import yaml
from click.testing import CliRunner, Result

from conftest import Database
from mainstem.cli.main import main
from mainstem.consolidate.inspect import Inspection

OLD = """
create table workflow_history (id integer primary key, status text, start_time text, end_time text, created_at text);
create view running as select id from workflow_history where status = 'running';
insert into workflow_history values (1, 'queued', null, null, '2025-11-19 07:08:51');
"""


def typed(*words: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "old.db")) as conn:
        conn.executescript(OLD)
    return tmp_path / "old.db"


def test_a_file_is_shown_as_three_tables(old: Path) -> None:
    result = typed("consolidate", "inspect", "--sqlite", old)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("old.db, schema main (sqlite ")
    assert lines[2].split()[:3] == ["workflow_history", "run", "1"]
    assert ["workflow_history", "view", "running"] in [line.split() for line in lines]
    assert any(line.split()[:2] == ["workflow_history.status", "unknown_status"] for line in lines)


def test_json_is_the_whole_inspection_on_one_line(old: Path) -> None:
    result = typed("--json", "consolidate", "inspect", "--sqlite", old)
    [line] = result.stdout.splitlines()
    assert Inspection.from_json(line).table("workflow_history").rows == 1
    assert result.stderr == ""


def test_a_schema_of_a_server_is_inspected_and_planned(empty_database: Database) -> None:
    with psycopg.connect(empty_database.url, autocommit=True) as conn:
        conn.execute("create schema old; set search_path = old")
        conn.execute(OLD.encode())
    source = ("--source", empty_database.url, "--schema", "old")
    assert "unknown_status" in typed("consolidate", "inspect", *source).stdout
    own = typed(
        "--url", empty_database.url, "consolidate", "plan", "--schema", "old"
    )  # without --source: the ledger's
    assert yaml.safe_load(own.stdout)["source"] == {"kind": "postgres", "schema": "old"}


def test_what_was_not_looked_at_is_told_beside_the_output(old: Path) -> None:
    with closing(sqlite3.connect(old)) as conn, conn:
        conn.executemany("insert into workflow_history (id) values (?)", [(n,) for n in range(2, 200)])
    result = typed("consolidate", "inspect", "--sqlite", old, "--whole", "100")
    assert "workflow_history: looked at " in result.stderr


def test_a_plan_is_written_to_a_file_that_is_not_there_yet(old: Path, tmp_path: Path) -> None:
    place = tmp_path / "old.yaml"
    words = ("consolidate", "plan", "--sqlite", old, "--system", "history", "--output", place)
    told = typed(*words)
    assert told.exit_code == 0
    assert told.stdout.strip().endswith(" questions")
    before = place.read_text()
    assert yaml.safe_load(before)["system"] == "history"
    again = typed("--json", *words)
    assert (again.exit_code, json.loads(again.stderr)["code"]) == (2, "MS010")
    assert place.read_text() == before


def test_a_preset_has_what_was_found_beside_it(old: Path) -> None:
    told = typed("consolidate", "plan", "--sqlite", old, "--preset", "rcm").stdout
    assert "# There is a table that this mapping does not know: workflow_history" in told
    assert yaml.safe_load(told)["system"] == "rcm"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("inspect", "--sqlite", "missing.db"), "MS411"),
        (("inspect", "--sqlite", "missing.db", "--source", "postgresql://nowhere.invalid/"), "MS010"),
        (("inspect", "--source", "postgresql://nobody@127.0.0.1:1/nothing"), "MS101"),
        (("plan", "--sqlite", "{old}", "--preset", "sap"), "MS401"),
        (("plan", "--sqlite", "{old}", "--system", "My System"), "MS010"),
    ],
)
def test_bad_input_has_an_error_with_a_remedy(words: tuple[str, ...], code: str, old: Path) -> None:
    result = typed("--json", "consolidate", *(word.replace("{old}", str(old)) for word in words))
    told = json.loads(result.stderr.splitlines()[-1])
    assert result.exit_code != 0
    assert told["code"] == code
    assert told["hint"]
