"""README.md, as somebody reads it who is new here."""

from __future__ import annotations

import runpy
import shlex
import sys
from pathlib import Path

import click
import psycopg
import pytest
from documented import ROOT, Block, blocks_of
from typist import Forker

from conditions import one_server
from conftest import Database
from mainstem.cli.main import main

__all__ = ["one_server"]

BLOCKS = blocks_of(ROOT / "README.md")
TYPED = [
    line
    for block in BLOCKS
    for line in block.text.splitlines()
    if block.language == "" and line.startswith("mainstem ")
]


def of(language: str) -> Block:
    [block] = [block for block in BLOCKS if block.language == language]
    return block


def test_its_workflow_greets_the_world(database: Database, tmp_path: Path) -> None:
    (place := tmp_path / "here").mkdir()
    (place / "hello.py").write_text(of("python").text.replace("Mainstem()", f"Mainstem({database.url!r})"))
    forker = Forker()
    program = forker.start(["python", "hello.py"], place, {"PYTHONPATH": ":".join(sys.path)})
    assert (program.ended(), program.said.read_text(encoding="utf-8")) == (0, "Hello, world!\n")
    forker.close()


def test_a_worker_may_import_its_workflow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hello.py").write_text(of("python").text)
    assert runpy.run_path(str(tmp_path / "hello.py"), run_name="hello")["hello"].name == "hello"
    assert capsys.readouterr().out == ""


def test_its_sql_records_a_run(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("set role mainstem_app")
        cursor = conn.execute(of("sql").text.encode())
        while cursor.nextset():
            pass
        told = [row[0] for row in cursor.fetchall()]
    assert told == ["workflow_started", "step_started", "step_completed", "workflow_completed"]


@pytest.mark.parametrize("line", TYPED)
def test_each_command_that_it_names_is_there(line: str) -> None:
    words = shlex.split(line.partition("  ")[0].split(" | ")[0].split(" …")[0], comments=True)[1:]
    command: click.Command = main
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found


@pytest.mark.parametrize("line", [line for line in TYPED if " | " in line])
def test_each_verb_of_a_choice_is_there(line: str) -> None:
    words = line.partition("  ")[0].replace(" …", "").split()[1:]
    verbs = [word for word in words if word != "|"]
    first = main.get_command(click.Context(main), verbs[0])
    group = first if words[1] != "|" else main
    assert isinstance(group, click.Group)
    missing = [
        verb
        for verb in (verbs[1:] if group is first else verbs)
        if group.get_command(click.Context(group), verb) is None
    ]
    assert missing == []
