"""At the cut-over the file refuses writes, and says where its tables are now."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_files import ask, do

from mainstem.consolidate.sources.sqlite import allow_writes, install_triggers, stop_writes
from mainstem.errors import SourceUnlandable

pytest_plugins = ["sqlite_fixtures"]

WRITES = (
    "insert into runs (name) values ('d')",
    "insert or replace into runs (id, name) values (1, 'd')",
    "update runs set note = 'n'",
    "delete from runs",
)


@pytest.mark.parametrize("statement", WRITES)
def test_every_write_is_refused_with_the_new_place(path: Path, statement: str) -> None:
    assert stop_writes(path, moved_to="PostgreSQL's view workflow_history") == ["runs"]
    before = ask(path, "select * from runs")
    with pytest.raises(sqlite3.IntegrityError, match="runs: moved to PostgreSQL's view workflow_history"):
        do(path, statement)
    assert ask(path, "select * from runs") == before


def test_a_connection_that_was_open_before_is_stopped_too(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer, writer:
        writer.execute(WRITES[0])
        writer.commit()
        stop_writes(path, moved_to="there")
        with pytest.raises(sqlite3.IntegrityError, match="moved to there"):
            writer.execute(WRITES[2])


def test_readers_go_on_and_writers_again_when_they_are_let(path: Path) -> None:
    install_triggers(path)
    before = ask(path, "select type, name, sql from sqlite_master order by 1, 2")
    stop_writes(path, moved_to="there")
    stop_writes(path, moved_to="elsewhere")
    assert ask(path, "select count(*) from runs") == [(3,)]
    allow_writes(path)
    allow_writes(path)
    do(path, *WRITES[:3])
    assert ask(path, "select type, name, sql from sqlite_master order by 1, 2") == before


def test_only_the_tables_named_are_stopped(path: Path) -> None:
    do(path, "create table other (id integer primary key)")
    stop_writes(path, ["runs"], moved_to="there")
    do(path, "insert into other values (1)")
    with pytest.raises(SourceUnlandable, match="no table 'missing'"):
        stop_writes(path, ["missing"], moved_to="there")
