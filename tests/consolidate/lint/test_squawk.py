"""squawk, where it is installed, adds its rules under our ids; where it is not, nothing is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mainstem.consolidate.lint import Severity, lint
from mainstem.errors import LintFailed

SAID = [
    {
        "file": "m.sql",
        "line": 0,
        "column": 0,
        "level": "Warning",
        "message": "Dropping a table",
        "help": "Don't.",
        "rule_name": "ban-drop-table",
    },
    {
        "file": "m.sql",
        "line": 0,
        "column": 0,
        "level": "Error",
        "message": "Prefer bigint",
        "help": None,
        "rule_name": "prefer-bigint-over-int",
    },
    {
        "file": "m.sql",
        "line": 1,
        "column": 0,
        "level": "Warning",
        "message": "No timeout",
        "help": "Set it.",
        "rule_name": "require-lock-timeout",
    },
]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "m.sql"
    path.write_text("select 1;\nselect 2;")
    return path


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    """An executable of that name on PATH that prints what squawk prints."""
    program = tmp_path / "squawk"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


def test_its_findings_come_under_our_ids(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, json.dumps(SAID))
    told = {(each.rule, each.line, each.severity) for each in lint([script])}
    assert told == {
        ("D19", 1, Severity.WARNING),
        ("squawk:prefer-bigint-over-int", 1, Severity.ERROR),
        ("L01", 2, Severity.WARNING),
    }
    assert all(each.remedy for each in lint([script]))


def test_what_we_say_ourselves_is_not_said_twice(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, json.dumps(SAID[:1]))
    script.write_text("drop table a;")
    assert [each.message for each in lint([script]) if each.rule == "D19"] == ["table a is dropped"]


def test_an_answer_that_is_none_is_an_error_that_names_the_file(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, "thread panicked")
    with pytest.raises(LintFailed, match=r"squawk did not judge .*m\.sql"):
        lint([script])


def test_the_real_one_says_what_ours_does_and_more(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    script.write_text("set lock_timeout = '1s';\nalter table a add column b int not null;\ndrop table c;")
    told = {(each.rule, each.line) for each in lint([script])}
    assert {("L04", 2), ("D19", 3), ("squawk:prefer-bigint-over-int", 2)} <= told


def test_without_it_nothing_is_missing(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert lint([script]) == []
