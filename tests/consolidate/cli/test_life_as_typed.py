"""A consolidation's whole life, typed: the sample of the old rcm database goes there, back, and there again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from old_rcm import terminal

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.consolidate.mapping import preset
from typed import Terminal

__all__ = ["terminal"]

PROVED = "all 484 rows of 9 tables can be rebuilt, equal"


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    place = tmp_path / "rcm.yaml"
    place.write_text(preset("rcm"), encoding="utf-8")
    return str(place)


def typed(terminal: Terminal, *words: str) -> str:
    """What a person reads of a verb that succeeds."""
    result = terminal.type("consolidate", *words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def status(terminal: Terminal) -> dict[str, Any]:
    [found] = terminal.lines("consolidate", "status")
    return dict(found)


def old(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("set search_path = public")
        found = conn.execute(query.encode())
        return found.fetchall() if found.description else []


def to_the_switch(terminal: Terminal, mapping: str) -> None:
    typed(terminal, "adopt", mapping)
    typed(terminal, "copy", "--without-backup", "a sample")
    typed(terminal, "verify")
    typed(terminal, "cutover")


def test_every_verb_in_its_turn_says_which_is_next(
    terminal: Terminal, database: Database, mapping: str, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    assert "next: mainstem consolidate backup rcm --to DIRECTORY" in typed(terminal, "adopt", mapping)
    assert status(terminal)["phase"] == "planned"
    assert typed(terminal, "backup", "--to", str(place)).endswith("restored elsewhere, digests equal\n")
    assert status(terminal)["next"] == "mainstem consolidate copy rcm"
    assert typed(terminal, "copy").splitlines() == [
        "copied: workflow_configs 13, channel_configs 2, workflow_channel_configs 5, config_status 10, workflow_trace 49",
        "next: mainstem consolidate verify rcm",
    ]
    proof = terminal.lines("consolidate", "verify", "rcm")
    assert {row["compared"].split()[0] for row in proof} >= {"workflow_trace", "workflow_events"}
    assert {row[""] for row in proof} == {"equal"}
    assert "rcm is cut over: locked for " in typed(terminal, "cutover", "--patience", "5")
    old(database, "update workflow_trace set status = 'cancelled' where trace_id = 1001")
    assert typed(terminal, "rollback", "--yes") == "rcm is copied again; 0 values were left behind\n"
    assert old(database, "select status, tableoid::regclass::text from workflow_trace where trace_id = 1001") == [
        ("cancelled", "workflow_trace")
    ]  # fmt: skip
    for verb in ("copy", "verify", "cutover"):
        typed(terminal, verb)
    told = typed(terminal, "finish", "--typed", "rcm")
    assert "rcm is finished, 0.0 days after the cut-over" in told
    assert old(database, "select status from workflow_trace where trace_id = 1001") == [("cancelled",)]
    assert status(terminal)["next"] == ""
    report = typed(terminal, "report")
    assert f"**Proved: {PROVED}" in report
    assert f"pg\\_restore --clean --if-exists --dbname=URL {place}".replace("\\", "") in report


@ON_ONE_SERVER
def test_the_status_tells_programs_what_it_tells_people(terminal: Terminal, mapping: str) -> None:
    typed(terminal, "adopt", mapping)
    found = status(terminal)
    assert found["copied"][-1] == {"table": "workflow_trace", "copied": 0, "left": 49}
    assert (found["backup"], found["backlog"], found["losses"], found["is_held"]) == (None, 0, [], False)
    people = typed(terminal, "status")
    assert "workflow_configs" in people
    typed(terminal, "copy", "--without-backup", "a sample")
    assert {"table": "config_status", "reason": "it names no config", "rows": 2} in status(terminal)[
        "quarantine"
    ]


@ON_ONE_SERVER
def test_a_copy_wants_a_backup_or_a_reason_that_the_report_repeats(terminal: Terminal, mapping: str) -> None:
    typed(terminal, "adopt", mapping)
    code, error, hint = terminal.error("consolidate", "copy")
    assert (code, error) == (4, "MS403")
    assert "mainstem consolidate backup rcm --to DIRECTORY" in hint
    assert terminal.error("consolidate", "copy", "--without-backup", "  ")[:2] == (4, "MS403")
    typed(terminal, "copy", "--without-backup", "it is only a sample")
    assert "| May it be copied without a backup? | it is only a sample |" in typed(terminal, "report")


@ON_ONE_SERVER
def test_a_backup_after_the_copy_would_not_be_one_of_before(
    terminal: Terminal, mapping: str, tmp_path: Path
) -> None:
    typed(terminal, "adopt", mapping)
    typed(terminal, "copy", "--without-backup", "a sample")
    assert terminal.error("consolidate", "backup", "--to", str(tmp_path / "late"))[:2] == (4, "MS403")
    assert not (tmp_path / "late").exists()


@ON_ONE_SERVER
def test_what_the_old_tables_cannot_hold_is_counted_before_anything_goes_back(
    terminal: Terminal, database: Database, mapping: str
) -> None:
    to_the_switch(terminal, mapping)
    assert "rollback  " in (people := typed(terminal, "status"))
    assert "lossless" in people
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute(
            "update mainstem.user_workflow_run_step set error_details = '{\"page\": 2}' where step_id ="
            " (select new_id from mainstem_consolidation.consolidation_id where old_table = 'workflow_steps' and old_key = '2001')"
        )
    [loss] = status(terminal)["losses"]
    assert (loss["table"], loss["key"], loss["column"]) == ("workflow_steps", "2001", "error_details")
    assert "1 values not representable" in typed(terminal, "status")
    code, error, hint = terminal.error("consolidate", "rollback", "--yes")
    assert (code, error) == (4, "MS406")
    assert "--accept-loss" in hint
    assert "mainstem consolidate rollback rcm --accept-loss" in typed(terminal, "report")
    assert "1 values were left behind" in typed(terminal, "rollback", "--yes", "--accept-loss")
    assert "| 1 were, by --accept-loss |" in typed(terminal, "report").replace("\\", "")


@ON_ONE_SERVER
def test_a_rollback_is_asked_for_once_more_and_to_the_plan_it_leaves_nothing_of_ours(
    terminal: Terminal, database: Database, mapping: str
) -> None:
    to_the_switch(terminal, mapping)
    words = ("consolidate", "rollback", "--to", "planned")
    assert terminal.type(*words, stdin="n\n").exit_code == 1
    assert terminal.error(*words)[:2] == (2, "MS010")
    assert status(terminal)["phase"] == "cut_over"
    assert "rcm is planned again" in terminal.type(*words, stdin="y\n").stdout
    assert old(database, "select 1 from pg_trigger where tgname like 'mainstem_consolidation%'") == []
    assert old(database, "select 1 from mainstem.user_workflow_run") == []
    assert status(terminal)["phase"] == "planned"


@ON_ONE_SERVER
def test_a_killed_copy_is_carried_on_by_the_next(
    terminal: Terminal, database: Database, mapping: str
) -> None:
    typed(terminal, "adopt", mapping)
    words = [sys.executable, "-c", "from mainstem.cli.main import main; main()", "--url", database.url]
    words += ["consolidate", "copy", "--without-backup", "a sample", "--throttle-query", "select 1"]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as copying:
        deadline = time.monotonic() + 60
        while old(database, "select phase from mainstem_consolidation.plan") != [("expanded",)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert status(terminal)["is_held"] is True
        assert terminal.error("consolidate", "copy")[:2] == (4, "MS403")
        os.kill(copying.pid, signal.SIGKILL)
    while status(terminal)["is_held"]:
        assert time.monotonic() < deadline
    assert ", workflow_trace 49" in typed(terminal, "copy")


@ON_ONE_SERVER
def test_the_report_says_the_same_in_its_three_forms(
    terminal: Terminal, mapping: str, tmp_path: Path
) -> None:
    to_the_switch(terminal, mapping)
    page, text = tmp_path / "rcm.html", tmp_path / "rcm.md"
    assert typed(terminal, "report", "--html", str(page), "--markdown", str(text)) == ""
    [facts] = terminal.lines("consolidate", "report")
    assert facts["is_proved"] is True
    assert facts["phase"] == "cut over"
    assert {one["table"] for one in facts["moved"]} >= {"workflow_trace", "workflow_trace_context"}
    assert all(len(one["digest_before"]) == 32 for one in facts["moved"])
    assert facts["way_back"] == {
        "how": "lossless", "command": "mainstem consolidate rollback rcm", "until": None, "costs": [],
    }  # fmt: skip
    assert [one["name"] for one in facts["phases"]] == [
        "plan adopted", "decided: no backup", "triggers and views", "copy", "proof", "cut-over",
    ]  # fmt: skip
    assert any(one["mode"] == "access exclusive" for one in facts["locks"])
    assert "truncate: DELETE." in facts["limits"]
    found = {one["table"]: one for one in facts["found"]}
    assert found["workflow_trace"]["rows"] == 49
    assert found["workflow_steps"]["oddities"]
    assert {key: one[key] for one in facts["dropped"][:1] for key in ("object", "filled")} == {
        "object": "user_workflow_node.label_conf",
        "filled": 9,
    }
    for document in (page.read_text(), text.read_text().replace("\\", "")):
        assert PROVED in document
        assert "Which organization owns the workflows and users that name none?" in document


@ON_ONE_SERVER
def test_the_program_of_a_plan_can_be_read_before_it_runs(
    terminal: Terminal, database: Database, mapping: str
) -> None:
    typed(terminal, "adopt", mapping)
    text = typed(terminal, "sql")
    assert "-- a batch of workflow_trace" in text
    assert "-- proof: workflow_events" in text
    assert old(database, "select 1 from pg_namespace where nspname = 'consolidation_rcm'") == []


@ON_ONE_SERVER
def test_a_proof_that_fails_names_the_row_and_leaves_the_plan_copied(
    terminal: Terminal, database: Database, mapping: str
) -> None:
    typed(terminal, "adopt", mapping)
    typed(terminal, "copy", "--without-backup", "a sample")
    old(database, "update mainstem.user_workflow_run set created_at = created_at - interval '1 day' where run_id = (select new_id from mainstem_consolidation.consolidation_id where old_table = 'workflow_trace' and old_key = '1001')")  # fmt: skip
    result = terminal.type("--json", "consolidate", "verify")
    told = json.loads(result.stderr.splitlines()[-1])
    assert (result.exit_code, told["code"]) == (4, "MS404")
    assert "1001, created_at" in told["message"]
    assert status(terminal)["phase"] == "copied"
    [facts] = terminal.lines("consolidate", "report")
    assert facts["is_proved"] is False
