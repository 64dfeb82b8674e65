"""A backup of a SQLite file gives back what the file held, whatever lies beside it and whoever writes meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from old_history import history, query, with_stale_wal

from mainstem.consolidate import backup
from mainstem.consolidate.backup import Selection, Sqlite, sqlite
from mainstem.errors import BackupExists, BackupFailed, BackupMissing, BackupNotProved, LockNotGranted

COUNT = "select count(*) from workflow_history"


def test_a_backup_holds_every_row_and_says_what_it_is_of(tmp_path: Path) -> None:
    path = history(tmp_path / "live.db")
    manifest = backup.take(Sqlite(path), tmp_path / "backup")
    assert manifest.digests["workflow_history"].rows == 458
    assert manifest.of == str(path)
    assert backup.read(tmp_path / "backup") == manifest
    assert backup.verify(tmp_path / "backup") == manifest
    assert sorted(file.name for file in (tmp_path / "backup").iterdir()) == ["database.db", "manifest.json"]


def test_the_digest_tells_values_apart_that_look_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    query(path, "create table t (x)")
    seen = set()
    for value in ("1", "1.0", "'1'", "x'31'", "null", "''", "'1' || char(0)", "cast(x'ff' as text)", "1e400"):
        query(path, "delete from t")
        query(path, f"insert into t values ({value})")
        seen.add(backup.contents(Sqlite(path)).digests["t"].lanes)
    assert len(seen) == 9


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:9000] + b"\x99" + data[9001:]]
)
def test_a_truncated_or_flipped_backup_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    place = tmp_path / "backup"
    backup.take(Sqlite(history(tmp_path / "live.db")), place)
    (place / "database.db").write_bytes(damage((place / "database.db").read_bytes()))
    with pytest.raises(BackupNotProved, match="not the file that was written"):
        backup.verify(place)


def test_a_backup_that_lost_a_row_is_refused_though_its_file_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "backup"
    backup.take(Sqlite(history(tmp_path / "live.db")), place)
    query(place / "database.db", "pragma journal_mode = delete")
    query(place / "database.db", "delete from workflow_history where id = 7")
    told = (place / "manifest.json").read_text().replace(
        backup.read(place).sha256, backup.manifest.sha256_of(place / "database.db")
    )  # fmt: skip
    (place / "manifest.json").write_text(told)
    with pytest.raises(BackupNotProved, match="458 rows expected, 457 there"):
        backup.verify(place)


def test_without_a_manifest_there_is_no_backup_and_the_next_call_begins_anew(tmp_path: Path) -> None:
    place = tmp_path / "backup"
    place.mkdir()
    (place / "database.db").write_bytes(b"half of it")
    with pytest.raises(BackupMissing):
        backup.verify(place)
    backup.take(Sqlite(history(tmp_path / "live.db")), place)
    with pytest.raises(BackupExists):
        backup.take(Sqlite(tmp_path / "live.db"), place)


def test_a_copied_file_beside_a_stale_wal_restores_nothing_and_ours_restores_all(tmp_path: Path) -> None:
    path = history(tmp_path / "live.db")
    backup.take(Sqlite(path), tmp_path / "backup")
    shutil.copy(tmp_path / "backup/database.db", tmp_path / "plain.db")

    with_stale_wal(path, "delete from workflow_history where id <= 50")
    assert Path(f"{path}-wal").stat().st_size > 0
    shutil.copy(tmp_path / "plain.db", path)
    assert query(path, COUNT) == [(408,)], "cp beside a -wal was a silent no-op"
    assert query(path, "pragma integrity_check") == [("ok",)]

    with_stale_wal(path, "delete from workflow_history where id <= 60")
    backup.restore(tmp_path / "backup", Sqlite(path))
    assert query(path, COUNT) == [(458,)]


def test_a_file_without_its_wal_is_not_what_is_backed_up(tmp_path: Path) -> None:
    """The rows are in the -wal alone: a copy of the file would not even have the table."""
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table t (x)")
        writer.executemany("insert into t values (?)", [(n,) for n in range(100)])
        assert backup.take(Sqlite(path), tmp_path / "backup").rows == 100


def test_an_old_reader_of_the_live_file_sees_the_restored_rows(tmp_path: Path) -> None:
    path = history(tmp_path / "live.db")
    backup.take(Sqlite(path), tmp_path / "backup")
    with closing(sqlite3.connect(path, isolation_level=None)) as application:
        application.execute("delete from workflow_history")
        backup.restore(tmp_path / "backup", Sqlite(path))
        assert application.execute(COUNT).fetchone() == (458,)


def test_a_restore_gives_up_on_a_file_that_somebody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = history(tmp_path / "live.db")
    backup.take(Sqlite(path), tmp_path / "backup")
    monkeypatch.setattr(sqlite, "_MOST_BUSY", 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("delete from tool_calls")
        with pytest.raises(LockNotGranted):
            backup.restore(tmp_path / "backup", Sqlite(path))
        writer.execute("rollback")
    assert query(path, COUNT) == [(458,)]


def test_writers_that_set_a_copy_back_are_outwaited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a -wal each write sets a copy that goes page by page back to its beginning."""
    path = history(tmp_path / "live.db")
    query(path, "pragma journal_mode = delete")
    monkeypatch.setattr(sqlite, "PAGES", 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writes = _write_at_each_step(monkeypatch, writer)
        manifest = backup.take(Sqlite(path), tmp_path / "backup")
    assert len(writes) > sqlite.MOST_RESTARTS
    assert manifest.digests["tool_calls"].rows == 1 + len(writes)
    assert backup.verify(tmp_path / "backup") == manifest


def _write_at_each_step(monkeypatch: pytest.MonkeyPatch, writer: sqlite3.Connection) -> list[int]:
    writes: list[int] = []
    counted = sqlite._Restarts.__call__

    def write_and_count(self: sqlite._Restarts, status: int, remaining: int, total: int) -> None:
        writer.execute("insert into tool_calls (name) values ('x')")
        writes.append(remaining)
        counted(self, status, remaining, total)

    monkeypatch.setattr(sqlite._Restarts, "__call__", write_and_count)
    return writes


def test_a_damaged_file_is_told_so(tmp_path: Path) -> None:
    path = history(tmp_path / "live.db")
    query(path, "pragma journal_mode = delete")
    data = path.read_bytes()
    root = query(path, "select rootpage from sqlite_master where name = 'idx_history_status'")[0][0]
    page = query(path, "pragma page_size")[0][0]
    at = (root - 1) * page
    path.write_bytes(data[:at] + bytes(page) + data[at + page :])
    with pytest.raises((BackupNotProved, BackupFailed)):
        backup.take(Sqlite(path), tmp_path / "backup")
    assert not (tmp_path / "backup/manifest.json").exists()


def test_a_selection_is_what_the_digests_are_of(tmp_path: Path) -> None:
    manifest = backup.take(Sqlite(history(tmp_path / "a.db")), tmp_path / "b", Selection(tables=("tool_calls",)))  # fmt: skip
    assert list(manifest.digests) == ["tool_calls"]
