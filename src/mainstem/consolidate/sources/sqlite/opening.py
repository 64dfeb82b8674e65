"""A connection to somebody's SQLite file: read-only unless asked, its text as bytes, its errors named."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from mainstem.errors import MainstemError, SourceBusy, SourceUnreadable

PATIENCE = 5.0
"""Seconds that a lock is waited for."""


class Text(bytes):
    """TEXT as the bytes that are stored, which need not be UTF-8; a BLOB is plain bytes."""

    __slots__ = ()


Value = Text | bytes | int | float | None
"""What a cell holds: the five storage classes of SQLite."""


@contextmanager
def reading(path: Path | str, *, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """A read-only connection; transactions are said explicitly. Raises SourceUnreadable, SourceBusy."""
    with _opened(Path(path), "ro", patience) as conn:
        yield conn


@contextmanager
def writing(path: Path | str, *, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """One transaction that holds the write lock from its beginning, committed at the end of the block.

    Foreign keys do not act: what a row's children become has been decided where the row comes from.
    """
    with _opened(Path(path), "rw", patience) as conn:
        conn.execute("pragma foreign_keys = off")
        _begin(conn, patience)
        with conn:
            yield conn


def _begin(conn: sqlite3.Connection, patience: float) -> None:
    """Ask for the write lock often: SQLite's own waiting grows to a tenth of a second, and a busy writer is always quicker."""
    conn.execute("pragma busy_timeout = 0")
    deadline = time.monotonic() + patience
    while True:
        try:
            conn.execute("begin immediate")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - only so that two do not ask in step
        else:
            conn.execute(f"pragma busy_timeout = {patience * 1000:.0f}")
            return


@contextmanager
def _opened(path: Path, mode: Literal["ro", "rw"], patience: float) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise SourceUnreadable(
            f"{path} is no file", hint="name the SQLite file that the old application writes"
        )
    with named_errors(path, patience):
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)) as conn:
            conn.text_factory = Text
            conn.execute("pragma trusted_schema = off")
            conn.execute("select count(*) from sqlite_master").fetchone()
            yield conn


@contextmanager
def named_errors(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """SQLite's errors as ours, each with the file and what to do."""
    try:
        yield
    except sqlite3.IntegrityError:  # a row's own fault: whoever wrote it knows which
        raise
    except sqlite3.DatabaseError as error:
        raise _named(path, error, patience) from error


def _named(path: Path, error: sqlite3.DatabaseError, patience: float) -> MainstemError:
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return SourceBusy(
                f"{path} is locked by another connection, for more than {patience:g} s",
                hint="a writer must commit or close; nothing was written, so run it again",
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return SourceUnreadable(f"{path}: {error}", hint="restore it from a backup, or name another file")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return SourceUnreadable(
                f"{path}: {error}",
                hint="a file in WAL mode is read through its -shm: the directory must be writable for this user",
            )
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return SourceUnreadable(f"{path}: {error}", hint="free space on its disk, then run it again")
        case _:
            return SourceUnreadable(f"{path}: {error}")


def name(identifier: str) -> str:
    """An identifier as SQLite's SQL has it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQLite's SQL has it."""
    return "'" + text.replace("'", "''") + "'"
