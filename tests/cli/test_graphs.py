"""Graphs, as they are typed: checked, drafted, published, compared, activated and rolled back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from typed import Terminal

pytestmark = ON_ONE_SERVER

GRAPH = """
name: greeting
description: Says hello
nodes:
  start: {type: entry, input_requirements: {name: {type: string}}}
  greet: {data_bindings: {said: {expression: "join(' ', ['WORD', input.name])"}}}
  done: {type: outcome, data_bindings: {said: {node: greet, path: said}}}
edges:
  - {from: start, to: greet}
  - {from: greet, to: done}
"""


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "greeting.yaml"


def write(written: Path, word: str) -> str:
    written.write_text(GRAPH.replace("WORD", word))
    return str(written)


def test_a_graph_is_checked_without_a_database(terminal: Terminal, written: Path) -> None:
    [told] = terminal.lines("workflows", "check", write(written, "hello"))
    assert told == {"name": "greeting", "nodes": 3, "edges": 2, "calls": []}
    written.write_text(GRAPH.replace("to: done", "to: nowhere"))
    shown = terminal.type("workflows", "check", str(written))
    assert shown.exit_code == 2
    assert "edges.1.to: there is no node 'nowhere'" in shown.stderr
    assert "nodes.done: no way leads here from start" in shown.stderr


def test_a_graph_is_published_compared_activated_and_rolled_back(terminal: Terminal, written: Path) -> None:
    [first] = terminal.lines("workflows", "publish", write(written, "hello"))
    [second] = terminal.lines("workflows", "publish", write(written, "good day"), "--no-activate")
    [again] = terminal.lines("workflows", "publish", write(written, "hello"))
    assert [(one["version"], one["is_new"], one["is_active"]) for one in (first, second, again)] == [
        (1, True, True),
        (2, True, False),
        (1, False, True),
    ]
    [change] = terminal.lines("workflows", "diff", "greeting", "1", "2")
    assert change["path"] == "/nodes/greet/data_bindings/said/expression"
    [activated] = terminal.lines("workflows", "activate", "greeting", "2")
    assert activated["replaced"] == 1
    listed = terminal.lines("workflows", "versions", "greeting")
    assert [(line["version"], line["active"]) for line in listed] == [(2, True), (1, False)]
    [back] = terminal.lines("workflows", "rollback", "greeting")
    assert back["version"] == 1
    assert terminal.error("workflows", "rollback", "greeting")[:2] == (4, "MS006")


def test_a_draft_is_saved_with_its_faults_and_published_without(terminal: Terminal, written: Path) -> None:
    written.write_text(GRAPH.replace("to: done", "to: nowhere"))
    [saved] = terminal.lines("workflows", "draft", "greeting", str(written))
    assert saved["revision"] == 2
    exit_code, code, _ = terminal.error("workflows", "publish", "greeting")
    assert (exit_code, code) == (2, "MS701")
    terminal.lines("workflows", "draft", "greeting", write(written, "hello"))
    assert json.loads(terminal.type("workflows", "draft", "greeting", "--json").stdout)["name"] == "greeting"
    assert terminal.lines("workflows", "publish", "greeting")[0]["version"] == 1


def test_who_edited_an_older_draft_is_refused_and_given_the_others_text(
    terminal: Terminal, written: Path
) -> None:
    terminal.lines("workflows", "draft", "greeting", write(written, "hello"))
    file = write(written, "good day")
    exit_code, code, hint = terminal.error("workflows", "draft", "greeting", file, "--revision", "1")
    assert (exit_code, code) == (4, "MS021")
    assert f"bring {file}.theirs and {file} together" in hint
    theirs = json.loads(Path(f"{file}.theirs").read_text())
    assert "hello" in theirs["nodes"][1]["data_bindings"]["said"]["expression"]
    assert "good day" in written.read_text()
    assert terminal.lines("workflows", "draft", "greeting", file, "--revision", "2")[0]["revision"] == 3


def test_a_workflow_begins_from_a_template(terminal: Terminal, written: Path) -> None:
    terminal.lines("workflows", "template", "hello", write(written, "hello"))
    assert [line["template"] for line in terminal.lines("workflows", "templates")] == ["hello"]
    terminal.lines("workflows", "template", "hello", "--to", "welcome")
    terminal.lines("workflows", "publish", "welcome")
    assert terminal.lines("workflows", "versions", "welcome")[0]["active"] is True
