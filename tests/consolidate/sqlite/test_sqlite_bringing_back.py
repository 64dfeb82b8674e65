"""After a rollback the old file holds what was written since, by old code and by new."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlite_files import SCHEMA, ask, do, land_all

from mainstem.consolidate.sources.sqlite import (
    allow_writes,
    bring_back,
    catch_up,
    compare,
    install_triggers,
    remove_triggers,
    stop_writes,
)
from mainstem.errors import BringBackRefused, LandingDiffers, LandingOutgrown

pytest_plugins = ["sqlite_fixtures"]

Conn = psycopg.Connection[Any]


def change(conn: Conn, *statements: str) -> None:
    for statement in statements:
        conn.execute(statement.replace("runs", f"{SCHEMA}.runs"))


def test_rows_written_since_come_back_and_only_they_are_written(path: Path, conn: Conn) -> None:
    land_all(path, conn)
    change(
        conn,
        "insert into runs (id, name, tokens, cost) values (9, 'new', 7, 0.25)",
        "update runs set note = 'n', cost = null where id = 1",
        "delete from runs where id = 3",
    )
    brought = bring_back(conn, SCHEMA, path)["runs"]
    assert (brought.inserted, brought.updated, brought.deleted) == (1, 1, 1)
    assert ask(path, "select id, name, status, tokens, cost, note from runs order by 1") == [
        (1, "a", "new", 1, None, "n"),
        (2, "b", "new", None, None, None),
        (9, "new", "new", 7, 0.25, None),
    ]
    again = bring_back(conn, SCHEMA, path)["runs"]
    assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
    do(path, "insert into runs (name) values ('next')")
    assert ask(path, "select max(id) from runs") == [(10,)]
    assert land_all(path, conn).digests["runs"] != brought.digest


def test_a_value_that_postgresql_could_not_hold_is_in_the_file_still(path: Path, conn: Conn) -> None:
    do(
        path,
        "update runs set note = 'x' || char(0), tokens = 'many' where id = 1",
        "update runs set note = x'00' where id = 2",
    )
    land_all(path, conn)
    change(conn, "update runs set status = 'done'")
    bring_back(conn, SCHEMA, path)
    assert ask(path, "select status, note, typeof(tokens), hex(note) from runs order by id")[:2] == [
        ("done", "x\0", "text", "7800"),
        ("done", b"\0", "null", "00"),
    ]


def test_numbers_come_back_in_the_class_their_column_gives_them(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "numbers.db"
    do(path, "create table t (id integer primary key, a integer, b real, c integer)")
    do(path, "insert into t values (1, 1.5, 2, 'x'), (2, 3, 0.5, 4)")
    land_all(path, conn)
    conn.execute(f"update {SCHEMA}.t set a = a * 2, b = b * 2, c = '12'")
    bring_back(conn, SCHEMA, path)
    rows = ask(path, "select a, typeof(a), b, typeof(b), c, typeof(c) from t order by id")
    assert rows == [(3, "integer", 4.0, "real", 12, "integer"), (6, "integer", 1.0, "real", 12, "integer")]


def test_the_applications_triggers_do_not_act_and_a_write_stop_stands_again(path: Path, conn: Conn) -> None:
    do(
        path,
        "create trigger touching after update on runs begin update runs set note = 'touched' where id = new.id; end",
    )
    install_triggers(path)
    land_all(path, conn)
    stop_writes(path, moved_to="there")
    schema = ask(path, "select name, sql from sqlite_master order by 1")
    change(conn, "update runs set tokens = 5")
    bring_back(conn, SCHEMA, path)
    assert ask(path, "select tokens, note from runs") == [(5, None)] * 3
    assert ask(path, "select count(*) from _mainstem_dirty") == [(0,)]
    assert ask(path, "select name, sql from sqlite_master order by 1") == schema
    with pytest.raises(sqlite3.IntegrityError, match="moved to there"):
        do(path, "delete from runs")


def test_a_row_that_the_file_refuses_is_named_and_nothing_is_written(path: Path, conn: Conn) -> None:
    land_all(path, conn)
    change(conn, "update runs set note = 'n' where id = 1", "update runs set cost = -1 where id = 2")
    with pytest.raises(BringBackRefused, match=r"runs, id 2: CHECK constraint failed: cost >= 0"):
        bring_back(conn, SCHEMA, path)
    assert ask(path, "select note from runs where id = 1") == [(None,)]


def test_a_unique_value_can_move_to_a_new_row(path: Path, conn: Conn) -> None:
    land_all(path, conn)
    change(conn, "update runs set name = 'z' where id = 3", "insert into runs (id, name) values (0, 'c')")
    change(conn, "delete from runs where id = 1", "update runs set name = 'a' where id = 2")
    bring_back(conn, SCHEMA, path)
    assert ask(path, "select id, name from runs order by 1") == [(0, "c"), (2, "a"), (3, "z")]


def test_a_value_that_the_column_would_change_is_refused(path: Path, conn: Conn) -> None:
    """Text of digits in a column of INTEGER affinity becomes a number, and loses its zeros."""
    do(path, "update runs set tokens = 'many' where id = 1")
    land_all(path, conn)
    change(conn, "update runs set tokens = '007' where id = 2")
    with pytest.raises(LandingDiffers, match="texts of digits in columns declared INTEGER"):
        bring_back(conn, SCHEMA, path)
    assert ask(path, "select tokens from runs order by id") == [("many",), (None,), (3,)]


def test_a_file_with_other_columns_is_refused(path: Path, conn: Conn) -> None:
    land_all(path, conn)
    do(path, "alter table runs add column extra")
    with pytest.raises(LandingOutgrown, match="differ in extra"):
        bring_back(conn, SCHEMA, path)


def test_generated_columns_follow_by_themselves(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "generated.db"
    do(
        path,
        "create table t (id integer primary key, a integer, twice integer generated always as (a * 2) stored)",
    )
    do(path, "insert into t (a) values (1), (2)")
    land_all(path, conn)
    conn.execute(f"update {SCHEMA}.t set a = 5, twice = 10 where id = 1")
    bring_back(conn, SCHEMA, path)
    assert ask(path, "select a, twice from t order by id") == [(5, 10), (2, 4)]


NAMES = ['od"d % {x}', "select", "it's", "\u00e4" * 30, "t", "with space", "%s"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_goes_there_and_back(tmp_path: Path, conn: Conn, name: str) -> None:
    path = tmp_path / "named.db"
    said = '"' + name.replace('"', '""') + '"'
    do(path, f'create table {said} ({said} integer primary key, {said[:-1]}2" text unique)')
    do(path, f"insert into {said} values (1, 'a'), (2, 'b')")
    install_triggers(path)
    land_all(path, conn)
    do(path, f"update {said} set {said} = 7 where {said} = 2")
    assert catch_up(path, conn, SCHEMA).written == 2
    assert compare(path, conn, SCHEMA) == []
    conn.execute(f'delete from "{SCHEMA}".{said} where {said} = 1'.encode())
    conn.execute(f'insert into "{SCHEMA}".{said} default values'.encode())
    stop_writes(path, moved_to="it's place")
    brought = bring_back(conn, SCHEMA, path)[name]
    assert (brought.inserted, brought.deleted) == (1, 1)
    assert ask(path, f"select * from {said}") == [(7, "b"), (8, None)]
    allow_writes(path)
    remove_triggers(path)
    assert ask(path, "select count(*) from sqlite_master where type = 'trigger'") == [(0,)]


def test_a_table_keyed_by_row_id_comes_back(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "keys.db"
    do(path, "create table none (a)", "insert into none values ('x'), ('x'), ('y')")
    land_all(path, conn)
    conn.execute(f"update {SCHEMA}.none set a = 'z' where _mainstem_rowid = 2")
    conn.execute(f"delete from {SCHEMA}.none where _mainstem_rowid = 3")
    conn.execute(f"insert into {SCHEMA}.none values (9, 'new')")
    bring_back(conn, SCHEMA, path)
    assert ask(path, "select rowid, a from none order by 1") == [(1, "x"), (2, "z"), (9, "new")]
