"""Backups of SQLite: a copy by SQLite's own backup, of one snapshot, restored by it into the live file too.

Copying files is no backup here: beside a -wal the file alone is not the database, neither as a source nor as what a
restore overwrites.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstem.consolidate.backup import catalog, digests
from mainstem.consolidate.backup.catalog import Objects, Selection
from mainstem.consolidate.backup.digests import Digest
from mainstem.consolidate.backup.target import Sqlite, reading
from mainstem.errors import BackupFailed, BackupNotProved, LockNotGranted

FILE = "database.db"
PAGES = 1000
MOST_RESTARTS = 5
"""A writer sets a backup that goes page by page back to its beginning; after this many times it goes in one piece."""
_BUSY = {5, 6}
_MOST_BUSY = 40
"""Times half a second: so long a restore waits for whoever uses the file."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, as one snapshot sees it."""

    digests: Mapping[str, Digest]
    objects: Objects
    server: str = sqlite3.sqlite_version


def dump(target: Sqlite, file: Path, selection: Selection) -> Contents:
    """Copy the database, and digest the original in the very snapshot that the copy is of.

    A file in WAL mode gives a snapshot to whoever reads. Any other is copied while writers go on, a few times at most,
    then with writers held back for as long as it takes.
    """
    with _reported("the copy"), reading(target.path) as source:
        wal = source.execute("pragma journal_mode").fetchone() == ("wal",)
        copied = not wal and copy_beside_writers(source, file)
        source.execute("begin")
        held = contents(source, selection)
        if not copied or held != contents_of(file, selection):
            _into(source, file)
        return held


def copy_beside_writers(source: sqlite3.Connection, file: Path) -> bool:
    """Copy a few pages at a time, so that writers find their turn; False when they did not let it end."""
    watch = _Restarts()
    try:
        _into(source, file, pages=PAGES, progress=watch)
    except _TooManyRestarts:
        return False
    return True


def contents(conn: sqlite3.Connection, selection: Selection) -> Contents:
    held = {name: digests.of_sqlite(conn, name) for name in catalog.sqlite_tables(conn, selection)}
    return Contents(held, catalog.sqlite_objects(conn))


def contents_of(file: Path, selection: Selection, *, immutable: bool = True) -> Contents:
    with _reported("reading"), reading(file, immutable=immutable) as conn:
        conn.execute("begin")
        return contents(conn, selection)


def restored(file: Path, selection: Selection) -> Contents:
    """Restore beside the backup, examine every page, read what it holds, and remove it."""
    elsewhere = file.with_suffix(".scratch")
    try:
        with _reported("the restore"), reading(file, immutable=True) as source:
            _into(source, elsewhere)
        with _reported("the examination"), reading(elsewhere, immutable=True) as conn:
            refuse_damage(conn, str(file))
        return contents_of(elsewhere, selection)
    finally:
        remove(elsewhere)


def put_back(file: Path, target: Sqlite) -> None:
    """Restore into the live file, in one transaction of its own: a -wal beside it is read first, and then outdone.

    Raises LockNotGranted when somebody uses the file all the while.
    """
    waiting = _Patience(target.name)
    with (
        _reported("the restore"),
        reading(file, immutable=True) as source,
        closing(_open(target.path, timeout=0.25)) as live,
    ):
        source.backup(live, pages=-1, progress=waiting)


def refuse_damage(conn: sqlite3.Connection, name: str) -> None:
    """The whole check, not the quick one: that one leaves indexes out."""
    told = [row[0] for row in conn.execute("pragma integrity_check").fetchall()]
    if told != ["ok"]:
        raise BackupNotProved(
            f"{name}: integrity_check says {'; '.join(told[:3])}", hint="recover the file first (`.recover` of the sqlite3 shell)"
        )  # fmt: skip


def foreign_key_violations(conn: sqlite3.Connection) -> dict[str, int]:
    """Rows without a parent, by table; a foreign key that SQLite cannot even look at counts as one, under its message without
    the names in it, which a rename may change.

    It can look at none of a database where a parent's columns are not unique, so each table is asked alone.
    """
    found: dict[str, int] = {}
    for table in catalog.sqlite_tables(conn):
        try:
            rows = conn.execute(f"pragma foreign_key_check({digests.quoted(table)})").fetchall()
        except sqlite3.OperationalError as mismatch:
            found[f"{table}: {str(mismatch).partition(' - ')[0]}"] = 1
        else:
            found |= {table: len(rows)} if rows else {}
    return found


def remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


class _TooManyRestarts(BackupFailed):
    """Said only within: the caller goes another way."""


class _Restarts:
    """Counts how often a backup began again: what remains does not shrink."""

    def __init__(self) -> None:
        self.count = 0
        self._remaining: int | None = None

    def __call__(self, _status: int, remaining: int, _total: int) -> None:
        if self._remaining is not None and remaining >= self._remaining:
            self.count += 1
        self._remaining = remaining
        if self.count > MOST_RESTARTS:
            raise _TooManyRestarts(f"writers set the backup back {self.count} times")


class _Patience:
    """Gives up on a file that somebody uses: SQLite's backup itself would try for ever."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._busy = 0

    def __call__(self, status: int, _remaining: int, _total: int) -> None:
        self._busy += status in _BUSY
        if self._busy > _MOST_BUSY:
            raise LockNotGranted(
                f"{self._name} is used by another process", hint="stop its writers, and run this again"
            )


def _into(
    source: sqlite3.Connection,
    file: Path,
    *,
    pages: int = -1,
    progress: Callable[[int, int, int], None] | None = None,
) -> None:
    remove(file)
    with closing(_open(file)) as copy:
        source.backup(copy, pages=pages, progress=progress, sleep=0)


def _open(path: Path, timeout: float = 5) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=timeout)


@contextmanager
def _reported(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupFailed(
            f"{what} broke off: {error}", hint="mend what it names, and run this again"
        ) from error
