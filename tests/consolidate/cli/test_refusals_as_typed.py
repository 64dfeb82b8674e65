"""What the verbs of a consolidation refuse, with exit code, code and remedy; its throttle; its mapping before the lint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from old_rcm import terminal

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.consolidate.life import Throttle, migrator
from mainstem.consolidate.mapping import preset
from mainstem.errors import BadArgument
from typed import Terminal

__all__ = ["terminal"]

pytestmark = ON_ONE_SERVER


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with migrator(database.url, "rcm") as opened:
        yield opened


def written(place: Path, text: str) -> str:
    place.write_text(text, encoding="utf-8")
    return str(place)


def planned(terminal: Terminal, tmp_path: Path, text: str = "") -> None:
    terminal.lines("consolidate", "adopt", written(tmp_path / "mapping.yaml", text or preset("rcm")))


def test_an_unanswered_question_is_named_with_its_place(terminal: Terminal, tmp_path: Path) -> None:
    said = yaml.safe_load(preset("rcm"))
    said["decisions"]["step_numbers"]["answer"] = "?"
    place = written(tmp_path / "open.yaml", yaml.safe_dump(said))
    result = terminal.type("consolidate", "adopt", place)
    assert result.exit_code == 2
    assert f"{place}: 1 faults: decisions.step_numbers: not answered" in result.stderr
    assert terminal.error("consolidate", "adopt", place)[1:] == (
        "MS401",
        "Answer each `?`, and mend the places that are named; mainstem consolidate status",
    )
    assert terminal.error("consolidate", "status")[:2] == (4, "MS403")


def test_an_unknown_preset_is_answered_with_those_there_are(terminal: Terminal) -> None:
    code, error, hint = terminal.error("consolidate", "plan", "--preset", "nobody")
    assert (code, error) == (2, "MS401")
    assert hint.startswith("There are: ")
    assert "rcm" in hint


def test_without_a_plan_every_verb_says_how_to_begin(terminal: Terminal) -> None:
    for verb in (["status"], ["copy"], ["verify"], ["cutover"], ["rollback", "--yes"], ["report"], ["sql"]):
        code, error, hint = terminal.error("consolidate", *verb)
        assert (code, error) == (4, "MS403"), verb
        assert "mainstem consolidate adopt FILE" in hint


def test_a_verb_out_of_its_turn_is_told_the_next_one(terminal: Terminal, tmp_path: Path) -> None:
    planned(terminal, tmp_path)
    assert terminal.error("consolidate", "verify") == (4, "MS403", "Next is `mainstem consolidate copy`.")
    assert terminal.error("consolidate", "cutover")[:2] == (4, "MS403")
    assert terminal.error("consolidate", "finish", "--typed", "rcm")[:2] == (4, "MS403")
    code, error, hint = terminal.error("consolidate", "rollback", "--yes")
    assert (code, error) == (4, "MS403")
    assert "rollback rcm --to planned" in hint


def test_a_finish_wants_the_name_and_the_days(terminal: Terminal, tmp_path: Path) -> None:
    planned(terminal, tmp_path)
    terminal.lines("consolidate", "copy", "--without-backup", "a sample")
    for verb in ("verify", "cutover"):
        terminal.lines("consolidate", verb)
    assert terminal.error("consolidate", "finish", "--typed", "rmc")[:2] == (4, "MS403")
    code, error, _ = terminal.error("consolidate", "finish", "--typed", "rcm", "--after-days", "14")
    assert (code, error) == (4, "MS403")
    [facts] = terminal.lines("consolidate", "finish", "--typed", "rcm")
    assert "workflow_trace" in facts["dropped"]
    code, error, hint = terminal.error("consolidate", "sql")
    assert (code, error, hint) == (4, "MS403", "Its backup is the way back; mainstem consolidate status")


def test_of_two_plans_one_has_to_be_named(terminal: Terminal, tmp_path: Path) -> None:
    planned(terminal, tmp_path)
    planned(terminal, tmp_path, preset("rcm").replace("system: rcm", "system: other"))
    code, error, hint = terminal.error("consolidate", "status")
    assert (code, error) == (2, "MS010")
    assert "other" in hint
    assert terminal.lines("consolidate", "status", "rcm")[0]["system"] == "rcm"


def test_a_database_without_the_ledger_is_told_to_install_it(
    empty_database: Database, tmp_path: Path
) -> None:
    place = written(tmp_path / "rcm.yaml", preset("rcm"))
    assert Terminal(empty_database.url).error("consolidate", "adopt", place)[:2] == (5, "MS105")


def test_a_mapping_is_linted_against_the_rows_there_are(terminal: Terminal, tmp_path: Path) -> None:
    place = written(tmp_path / "rcm.yaml", preset("rcm"))
    assert terminal.lines("consolidate", "lint", place) == []
    said = yaml.safe_load(preset("rcm"))
    lens = said["tables"]["workflow_trace"]["columns"]["status"]
    del lens["values"]["completed"]
    result = terminal.type("consolidate", "lint", written(tmp_path / "less.yaml", yaml.safe_dump(said)))
    assert result.exit_code == 1
    assert "D03" in result.stdout
    assert "workflow_trace.status: completed occur and are not mapped" in result.stdout


# The throttle.


def test_a_copy_rests_while_the_users_query_gives_more_than_nothing(conn: psycopg.Connection[Any]) -> None:
    assert Throttle(conn=conn, query="select 0")() == 0
    assert Throttle(conn=conn, query="select null::int")() == 0
    assert Throttle(conn=conn, query="select 1 where false")() == 0
    told: list[str] = []
    assert Throttle(conn=conn, query="select 2", told=told.append)() > 0
    assert told == ["the query gives 2"]


def test_a_query_of_the_users_that_does_not_run_or_writes_is_refused(conn: psycopg.Connection[Any]) -> None:
    for query in ("select gone", "select 'much'", "create table public.x (i int)"):
        with pytest.raises(BadArgument, match="--throttle-query"):
            Throttle(conn=conn, query=query)()


def test_a_copy_rests_while_a_transaction_is_old(database: Database, conn: psycopg.Connection[Any]) -> None:
    assert Throttle(conn=conn, age=0)() == 0
    with psycopg.connect(database.url) as other:
        other.execute("select 1")
        assert Throttle(conn=conn, age=0).reason().startswith("a transaction is ")
        assert Throttle(conn=conn, age=3600)() == 0


def test_without_replicas_nothing_lags(conn: psycopg.Connection[Any]) -> None:
    assert Throttle(conn=conn, lag=0)() == 0
