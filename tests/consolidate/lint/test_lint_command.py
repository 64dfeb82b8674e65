"""`mainstem consolidate lint`: a table for people, a line of JSON each for programs, exit code 1 on errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from mainstem.cli.main import main

if TYPE_CHECKING:
    from old_database import OldDatabase

pytest_plugins = ["old_database"]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["consolidate", "lint", *map(str, arguments)])


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.sql"
    path.write_text("-- careless\ndelete from trace;\n")
    return path


def test_an_error_is_shown_with_place_and_remedy_and_exits_with_1(bad: Path) -> None:
    told = run(bad)
    assert told.exit_code == 1, told.stderr
    for piece in ("D21", "bad.sql", "DELETE touches every row of trace", "Say which rows"):
        assert piece in told.stdout


def test_programs_get_one_object_for_each_finding(bad: Path) -> None:
    told = [json.loads(line) for line in run("--json", bad).stdout.splitlines()]
    [found] = [each for each in told if each["rule"] == "D21"]
    assert found == {
        "severity": "error",
        "rule": "D21",
        "file": str(bad),
        "line": 2,
        "statement": "delete from trace",
        "object": "trace",
        "rows": None,
        "message": "DELETE touches every row of trace",
        "remedy": "Say which rows, and move them aside first.",
    }


def test_warnings_leave_the_exit_code_0(tmp_path: Path) -> None:
    path = tmp_path / "m.sql"
    path.write_text("create index on trace (a);")
    told = run(path)
    assert (told.exit_code, "L02" in told.stdout) == (0, True)


def test_with_a_database_rows_are_counted(bad: Path, old_database: OldDatabase) -> None:
    with old_database.connect(role=None, org_id=None) as conn:
        conn.execute("create table trace (id int)")
        conn.execute("insert into trace values (1), (2)")
    told = [json.loads(line) for line in run("--json", "--url", old_database.url, bad).stdout.splitlines()]
    assert [each["rows"] for each in told if each["rule"] == "D21"] == [2]


def test_a_file_that_cannot_be_read_is_named_and_exits_with_2(tmp_path: Path) -> None:
    path = tmp_path / "m.sql"
    path.write_text("select 1;\nselect 'x")
    told = run(path)
    assert told.exit_code == 2
    assert "m.sql, line 2" in told.stderr
    assert "try:" in told.stderr


def test_a_database_that_does_not_answer_is_no_clean_bill(bad: Path) -> None:
    told = run("--url", "postgresql://nobody@localhost:1/none", bad)
    assert told.exit_code == 5
    assert "localhost" in told.stderr
