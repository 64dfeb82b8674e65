"""A snapshot is the file at one moment, however it is being written to."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_files import ask, do

from mainstem.consolidate.sources.sqlite import snapshot
from mainstem.errors import SourceBusy, SourceUnreadable

pytest_plugins = ["sqlite_fixtures"]


def test_what_lies_in_the_wal_is_in_the_snapshot(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("pragma journal_mode = wal")
        with writer:
            writer.execute("update runs set note = 'in the wal'")
        with snapshot(path) as copy:
            assert ask(copy.path, "select note from runs") == [("in the wal",)] * 3
    assert not copy.path.exists()


def test_two_rows_written_together_are_both_there_or_neither(path: Path) -> None:
    """A cp of the same file would tear them apart."""
    do(path, "pragma journal_mode = wal", "create table pairs (side text, n integer, filler blob)")
    do(path, "insert into pairs values (?, ?, zeroblob(3000))", many=[("l", n) for n in range(600)])
    do(path, "insert into pairs values (?, ?, zeroblob(3000))", many=[("r", n) for n in range(600)])
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=30)) as conn:
            number = 600
            while not stop.is_set():
                with conn:
                    conn.execute(
                        "update pairs set n = ?, filler = zeroblob(?) where rowid = 1",
                        [number, number % 3000],
                    )
                    conn.execute(
                        "update pairs set n = ?, filler = zeroblob(?) where rowid = 1200",
                        [number, number % 3000],
                    )
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        restarts = 0
        for _ in range(5):
            with snapshot(path, restarts=2, pages=5) as copy:
                [(left, right)] = ask(
                    copy.path, "select a.n, b.n from pairs a, pairs b where a.rowid = 1 and b.rowid = 1200"
                )
                assert left == right or left < 600
                restarts = max(restarts, copy.restarts)
    finally:
        stop.set()
        writer.join()
    assert restarts == 3  # begun anew twice and once more, then copied in one step


def test_an_unchanged_file_has_an_unchanged_fingerprint(path: Path) -> None:
    with snapshot(path) as one, snapshot(path) as two:
        assert one.fingerprint == two.fingerprint
    do(path, "update runs set note = 'n'")
    with snapshot(path) as three:
        assert three.fingerprint != one.fingerprint


def test_the_file_is_only_read(path: Path) -> None:
    before = path.read_bytes()
    path.chmod(0o444)
    with snapshot(path) as copy:
        assert ask(copy.path, "select count(*) from runs") == [(3,)]
    assert path.read_bytes() == before


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match=r"missing\.db is no file"), snapshot(tmp_path / "missing.db"):
        pass
    (tmp_path / "text.db").write_text(
        "no database at all, only words that go on for longer than a header" * 9
    )
    with (
        pytest.raises(SourceUnreadable, match=r"text\.db: file is not a database"),
        snapshot(tmp_path / "text.db"),
    ):
        pass
    assert [left.name for left in tmp_path.iterdir()] == ["text.db"]


def test_a_damaged_file_is_not_landed(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    do(path, "create table t (a text)", "create index i on t (a)")
    do(path, "insert into t values (?)", many=[(f"{n}" * 50,) for n in range(500)])
    raw = bytearray(path.read_bytes())
    raw[8192:8292] = b"\xff" * 100  # the beginning of a page
    path.write_bytes(raw)
    with pytest.raises(SourceUnreadable, match=r"damaged\.db.*backup"), snapshot(path):
        pass


def test_rows_that_break_a_later_check_are_taken(path: Path) -> None:
    do(
        path,
        "pragma ignore_check_constraints = on",
        "create table t (a integer check (a > 0))",
        "insert into t values (-1)",
    )
    with snapshot(path) as copy:
        assert ask(copy.path, "select a from t") == [(-1,)]


def test_a_lock_that_is_held_on_is_said(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("begin exclusive")
        with (
            pytest.raises(SourceBusy, match=r"old\.db is locked by another connection"),
            snapshot(path, patience=0.1),
        ):
            pass
        writer.rollback()
