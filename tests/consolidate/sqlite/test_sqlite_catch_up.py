"""What writers change in the file after the landing is landed too, whatever is killed in between."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlite_files import SCHEMA, ask, do, land_all, landed_rows

from conftest import Database
from mainstem.consolidate.sources.sqlite import (
    Difference,
    catch_up,
    compare,
    follow,
    install_triggers,
    landed_digest,
    landed_table,
    remove_triggers,
)
from mainstem.consolidate.sources.sqlite.landing import lock_landing
from mainstem.errors import LandingOutgrown, SourceBusy, SourceUnwatched

pytest_plugins = ["sqlite_fixtures"]

Conn = psycopg.Connection[Any]

ROWS = "id, name, status, tokens, cost, note"


def same(path: Path, conn: Conn) -> bool:
    return landed_rows(conn, ROWS) == ask(path, f"select {ROWS} from runs order by 1")


@pytest.fixture
def watched(path: Path, conn: Conn) -> Path:
    install_triggers(path)
    land_all(path, conn)
    return path


def test_inserts_updates_and_deletes_are_caught_up(watched: Path, conn: Conn) -> None:
    do(
        watched,
        "insert into runs (name, note) values ('d', 'x' || char(0))",
        "update runs set cost = null where id = 1",
    )
    do(watched, "delete from runs where id = 2", "update runs set id = 70 where id = 3")
    caught = catch_up(watched, conn, SCHEMA)
    assert (caught.handled, caught.written, caught.left) == (5, 5, 0)
    assert landed_rows(conn, "id, name, cost") == [(1, "a", None), (4, "d", None), (70, "c", 1e-7)]
    assert conn.execute(f"select key, value from {SCHEMA}._mainstem_original").fetchall() == [(["4"], b"x\0")]
    assert catch_up(watched, conn, SCHEMA).handled == 0


def test_rows_pushed_out_by_replace_are_noted_though_no_delete_trigger_fires(
    watched: Path, conn: Conn
) -> None:
    do(watched, "insert or replace into runs (id, name) values (9, 'a')")
    do(watched, "update or replace runs set name = 'b' where id = 3")
    catch_up(watched, conn, SCHEMA)
    assert landed_rows(conn, "id, name") == [(3, "b"), (9, "a")]


def test_an_unchanged_row_is_not_written(watched: Path, conn: Conn) -> None:
    do(watched, "update runs set note = note")
    caught = catch_up(watched, conn, SCHEMA)
    assert (caught.handled, caught.written) == (3, 0)


def test_a_batch_takes_the_oldest_notes_and_leaves_the_rest(watched: Path, conn: Conn) -> None:
    for key in (1, 2, 3):
        do(watched, f"update runs set note = 'n' where id = {key}")
    assert [catch_up(watched, conn, SCHEMA, limit=1).left for _ in range(3)] == [2, 1, 0]
    assert same(watched, conn)


def test_a_unique_value_that_moves_between_batches_is_caught_up(watched: Path, conn: Conn) -> None:
    do(watched, "update runs set note = 'first' where id = 2", "update runs set name = 'z' where id = 1")
    do(watched, "update runs set name = 'a' where id = 2")
    assert catch_up(watched, conn, SCHEMA, limit=1).left == 0
    assert same(watched, conn)


def test_what_differs_is_told_to_the_row_and_the_column(watched: Path, conn: Conn) -> None:
    assert compare(watched, conn, SCHEMA) == []
    conn.execute(f"update {SCHEMA}.runs set cost = 9 where id = 1")
    conn.execute(f"delete from {SCHEMA}.runs where id = 2")
    conn.execute(f"insert into {SCHEMA}.runs (id, name) values (8, 'x')")
    do(watched, "update runs set note = 'noted, not yet caught up' where id = 3")
    assert compare(watched, conn, SCHEMA) == [
        Difference("runs", (2,), None, "the row", None),
        Difference("runs", (1,), "cost", 0.5, 9.0),
        Difference("runs", (8,), None, None, "the row"),
    ]
    remove_triggers(watched)
    with pytest.raises(SourceUnwatched, match=r"old\.db has no notes of what changed"):
        follow(watched, conn, SCHEMA)
    assert Difference("runs", (3,), "note", "noted, not yet caught up", None) in compare(
        watched, conn, SCHEMA
    )


def test_two_do_not_land_at_once(watched: Path, conn: Conn, empty_database: Database) -> None:
    do(watched, "update runs set note = 'n'")
    with psycopg.connect(empty_database.url, autocommit=True) as other, other.transaction():
        lock_landing(other, SCHEMA)
        conn.execute("set lock_timeout = '50ms'")
        with pytest.raises(SourceBusy, match="somebody else lands into mainstem_landing_old"):
            catch_up(watched, conn, SCHEMA)
    assert catch_up(watched, conn, SCHEMA).handled == 3


def test_following_ends_though_a_writer_never_does(watched: Path, conn: Conn) -> None:
    """It handles what was noted when it began; whoever waits for nothing to be left waits for the writer to stop."""
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(watched, stop))
    writer.start()
    try:
        while not ask(watched, "select count(*) > 50 from _mainstem_dirty")[0][0]:
            pass
        first = follow(watched, conn, SCHEMA, limit=20)
        second = follow(watched, conn, SCHEMA)
    finally:
        stop.set()
        writer.join()
    assert first.handled > 50
    assert second.reached > first.reached
    assert follow(watched, conn, SCHEMA).left == 0
    assert same(watched, conn)
    assert follow(watched, conn, SCHEMA).handled == 0


def test_the_applications_own_answers_do_not_change(watched: Path) -> None:
    with closing(sqlite3.connect(watched)) as writer, writer:
        inserted = writer.execute("insert into runs (name) values ('d')")
        assert (inserted.lastrowid, inserted.rowcount) == (4, 1)
        assert writer.execute("select last_insert_rowid(), changes()").fetchone() == (4, 1)
        assert writer.execute("update runs set note = 'n'").rowcount == 4


def test_keys_of_two_columns_and_of_no_column_are_caught_up(tmp_path: Path, conn: Conn) -> None:
    path = tmp_path / "keys.db"
    do(
        path,
        "create table two (a text, b integer, c, primary key (a, b)) without rowid",
        "create table none (c text)",
        "insert into two values ('1', 1, 'x'), ('1', 2, 'y')",
        "insert into none values ('p'), ('q')",
    )
    install_triggers(path)
    land_all(path, conn)
    do(
        path,
        "update two set c = 'z' where b = 2",
        "delete from two where b = 1",
        "insert into two values ('1,', 3, 'w')",
    )
    do(path, "update none set c = 'r' where c = 'q'", "delete from none where c = 'p'")
    catch_up(path, conn, SCHEMA)
    assert landed_rows(conn, "a, b, c", "two") == [("1", 2, "z"), ("1,", 3, "w")]
    assert landed_rows(conn, "_mainstem_rowid, c", "none") == [(2, "r")]


def test_triggers_leave_the_file_as_it_was(path: Path) -> None:
    schema = "select type, name, sql from sqlite_master order by 1, 2"
    before = ask(path, schema)
    assert install_triggers(path) == ["runs"]
    assert install_triggers(path) == ["runs"]
    assert ask(path, schema) != before
    remove_triggers(path)
    assert ask(path, schema) == before
    remove_triggers(path)


def test_a_missing_trigger_stops_the_catch_up(watched: Path, conn: Conn) -> None:
    do(watched, "drop trigger _mainstem_dirty_runs_delete", "update runs set note = 'n'")
    with pytest.raises(
        SourceUnwatched, match=r"_mainstem_dirty_runs_delete is missing.*install the triggers again"
    ):
        catch_up(watched, conn, SCHEMA)
    assert ask(watched, "select count(*) from _mainstem_dirty") == [(3,)]


def test_a_column_added_meanwhile_stops_the_catch_up(watched: Path, conn: Conn) -> None:
    do(watched, "alter table runs add column extra text")
    with pytest.raises(LandingOutgrown, match="runs has other columns than when it was landed: extra"):
        catch_up(watched, conn, SCHEMA)


def test_a_value_that_does_not_fit_any_more_is_named_and_nothing_is_written(
    watched: Path, conn: Conn
) -> None:
    do(watched, "update runs set note = 'n' where id = 1", "update runs set tokens = 'many' where id = 2")
    with pytest.raises(
        LandingOutgrown, match=r"runs.tokens is landed as bigint, and the row with id 2 holds 'many'"
    ):
        catch_up(watched, conn, SCHEMA)
    assert landed_rows(conn, "note") == [(None,)] * 3
    land_all(watched, conn)
    catch_up(watched, conn, SCHEMA)
    assert landed_rows(conn, "id, note, tokens") == [(1, "n", "1"), (2, None, "many"), (3, None, "3")]


def test_a_locked_file_is_said_to_be_locked(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("begin immediate")
        with pytest.raises(
            SourceBusy, match=r"old\.db is locked by another connection, for more than 0.05 s .a writer must"
        ):
            install_triggers(path, patience=0.05)
        writer.rollback()


KILLED = """
import sys, psycopg
from mainstem.consolidate.sources.sqlite import catch_up
with psycopg.connect(sys.argv[2], autocommit=True) as conn:
    while True:
        print(catch_up(sys.argv[1], conn, sys.argv[3], limit=20).handled, flush=True)
"""


def test_catching_up_can_be_killed_anywhere_while_writers_write(
    watched: Path, conn: Conn, empty_database: Database
) -> None:
    do(watched, "pragma journal_mode = wal")
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(watched, stop))
    writer.start()
    drawn = random.Random(7)
    for _ in range(4):
        worker = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(watched), empty_database.url, SCHEMA], stdout=subprocess.PIPE
        )
        with worker:
            assert worker.stdout is not None
            for _ in range(drawn.randrange(1, 12)):
                assert worker.stdout.readline()
            worker.send_signal(signal.SIGKILL)
    stop.set()
    writer.join()
    while catch_up(watched, conn, SCHEMA).left:
        pass
    assert same(watched, conn)
    table = landed_table(conn, SCHEMA, "runs")
    assert table is not None
    assert landed_digest(conn, table) == land_all(watched, conn).digests["runs"]


def _write(path: Path, stop: threading.Event) -> None:
    drawn = random.Random(1)
    with closing(sqlite3.connect(path, timeout=30)) as conn:
        number = 0
        while not stop.wait(0.003):
            number += 1
            with conn:
                conn.execute(
                    "insert or replace into runs (name, tokens) values (?, ?)",
                    [f"n{drawn.randrange(400)}", number],
                )
                conn.execute("update runs set tokens = ? where id = ?", [number, drawn.randrange(number) + 1])
                if number % 7 == 0:
                    conn.execute("delete from runs where id = ?", [drawn.randrange(number) + 1])
