"""A snapshot: the file at one moment, copied by the backup API while others go on writing."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mainstem.consolidate.sources.sqlite.opening import named_errors, reading
from mainstem.errors import SourceBusy, SourceUnreadable

RESTARTS = 5
"""Every write by another connection restarts the copy; after so many it is made in one step, which writers wait for."""

PAGES = 1000
PATIENCE = 30.0
"""Seconds that a writer's lock is waited for."""

OF_THE_DATA = re.compile(
    r"^(CHECK constraint failed|NULL value in|non-unique entry|\w+ value in) ", re.IGNORECASE
)
"""What integrity_check says of rows that are old and odd, but whole."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy that nobody writes to."""

    path: Path
    origin: Path
    fingerprint: str
    """sha256 of the copy: equal when nothing was written in between."""
    restarts: int
    """How often writers made the copy begin anew."""


@contextmanager
def snapshot(
    path: Path | str,
    *,
    restarts: int = RESTARTS,
    pages: int = PAGES,
    patience: float = PATIENCE,
    into: Path | None = None,
) -> Iterator[Snapshot]:
    """The file as of now, in a temporary file (of the directory `into`) that is gone afterwards.

    Raises SourceUnreadable when the file is missing, damaged or no SQLite database, SourceBusy when a writer holds
    its lock for longer than `patience` in seconds.
    """
    origin = Path(path)
    with tempfile.TemporaryDirectory(prefix="mainstem-", dir=into) as place:
        copy = Path(place) / "snapshot.db"
        began_anew = _copy(_Watch(origin, restarts, patience), copy, pages)
        digest = hashlib.sha256()
        with copy.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        _refuse_damaged(origin, copy)
        yield Snapshot(copy, origin, digest.hexdigest(), began_anew)


class _TooManyRestarts(Exception):
    pass


@dataclass(slots=True)
class _Watch:
    """What the copy's progress tells: less to do each time, or more, when it began anew."""

    origin: Path
    allowed: int
    patience: float
    restarts: int = 0
    remaining: int = 1 << 62
    moved_at: float = 0.0

    def __call__(self, status: int, remaining: int, _total: int) -> None:
        busy = status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        if busy and time.monotonic() - self.moved_at > self.patience:
            raise SourceBusy(
                f"{self.origin} is locked by another connection, for more than {self.patience:g} s",
                hint="a writer must commit or close; run it again then",
            )
        if busy:
            return
        self.restarts += remaining > self.remaining
        self.remaining, self.moved_at = remaining, time.monotonic()
        if self.restarts > self.allowed:
            raise _TooManyRestarts


def _copy(watch: _Watch, copy: Path, pages: int) -> int:
    watch.moved_at = time.monotonic()
    with (
        reading(watch.origin, patience=watch.patience) as source,
        named_errors(watch.origin, watch.patience),
        closing(sqlite3.connect(copy)) as target,
    ):
        try:
            source.backup(target, pages=pages, progress=watch, sleep=0.01)
        except _TooManyRestarts:
            watch.allowed = 1 << 62
            source.backup(target, pages=-1, progress=watch, sleep=0.01)
    return watch.restarts


def _refuse_damaged(origin: Path, copy: Path) -> None:
    """What integrity_check says of single rows is no damage: they break a constraint that was added after them."""
    with named_errors(origin), closing(sqlite3.connect(copy)) as conn:
        said = [line for (line,) in conn.execute("pragma integrity_check")]
    damage = [line for line in said if line != "ok" and not OF_THE_DATA.match(line)]
    if damage:
        raise SourceUnreadable(
            f"{origin} is damaged: {damage[0]}",
            hint="restore it from a backup, or recover it by `sqlite3 … .recover`",
        )
