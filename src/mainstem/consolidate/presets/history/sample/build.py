"""The old file as a sample: 458 rows with every oddity among them, the archive with seven, and as many more as are wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from mainstem.consolidate.presets.history.sample.oddities import ODDITIES
from mainstem.consolidate.presets.history.sample.rows import Row, ordinary
from mainstem.consolidate.presets.history.sample.schema import Shape, archived, statements

ROWS = 458

ARCHIVED = ((2, 6), (3, 13), (5, 999), (8, 999), (120, 6), (121, 13), (300, 999))
"""Number and issue of the rows that were taken out: their ids are gaps in the table."""

FIRST_ODD = 10
EVERY = 6
"""An odd row, then ordinary ones."""


def build(path: Path | str, shape: Shape = "submission") -> None:
    """Make the file, which must not be there yet. It is the same each time, byte for byte."""
    if Path(path).exists():
        raise FileExistsError(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        for statement in statements(shape):
            conn.execute(statement)
        for row in _rows(shape):
            _insert(conn, "workflow_history", row)
        for row in _archive():
            _insert(conn, "workflow_history_archive", row)


def grow(path: Path | str, rows: int, shape: Shape = "submission") -> None:
    """So many ordinary rows more."""
    with closing(sqlite3.connect(path)) as conn, conn:
        [last] = conn.execute("select max(id) from workflow_history").fetchone()
        for number in range(last + 1, last + 1 + rows):
            _insert(
                conn,
                "workflow_history",
                {"id": number, **ordinary(number, shape)} | {"adw_id": f"g{number:09d}"},
            )


def _rows(shape: Shape) -> Iterator[Row]:
    gone = {number for number, _ in ARCHIVED}
    odd = [change for oddity in ODDITIES for change in oddity.changes(shape)]
    numbers = [number for number in range(1, ROWS + len(gone) + 1) if number not in gone]
    changes = dict(zip(numbers[FIRST_ODD::EVERY], odd, strict=False))
    if len(changes) < len(odd):
        raise ValueError(f"{len(odd)} odd rows do not fit among {ROWS}")
    for number in numbers:
        yield {"id": number, **ordinary(number, shape), **changes.get(number, {})}


def _archive() -> Iterator[Row]:
    wanted = set(archived())
    for number, issue in ARCHIVED:
        row = ordinary(number, "of_day") | {"issue_number": issue}
        kept = {column: value for column, value in row.items() if column in wanted}
        yield kept | {
            "original_id": number, "created_at": row["created_at"], "updated_at": row["updated_at"],
            "archived_at": "2025-11-19 08:00:00", "archive_reason": f"issue {issue} is no real one",
        }  # fmt: skip


def _insert(conn: sqlite3.Connection, table: str, row: Row) -> None:
    """Without the columns that it does not have, so that their defaults act."""
    said = f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})"
    conn.execute(said, list(row.values()))
