"""Following: the change log on one connection, change after change, for programs without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from mainstem.errors import BadArgument
from mainstem.ledger.call import Call, perform, translated_errors
from mainstem.ledger.changes import Cursor, Entry, Position, Reading, newest, read_changes


@dataclass(frozen=True, slots=True)
class News:
    """An entry of the log, and the cursor of who has had it."""

    cursor: Cursor
    at: datetime
    entry: Entry


@dataclass(frozen=True, slots=True)
class Look:
    """What one reading brought; it may be nothing."""

    news: list[News]
    is_present: bool
    """All that was recorded when it looked has now been told."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step as one line shows it."""

    node_key: str | None
    status: str
    retry_count: int
    duration_ms: int | None
    error_message: str | None


def follow(
    conn: Connection[Any], org_id: UUID, *, cursor: Cursor | None = None, every: float
) -> Iterator[Look]:
    """Looks without end, from the cursor or from now: at once when something changes, and after `every` seconds.

    Raises BadArgument when the cursor is older than what is kept.
    """
    with translated_errors():
        conn.execute("listen mainstem_change")
    start = Cursor.at(perform(conn, newest(), org_id=org_id)) if cursor is None else cursor
    position = start.after
    told = start.told
    while True:
        reading = _read(conn, org_id, position, until=start.until if told else None)
        yield Look(
            list(_news(reading, position))[told:], not (reading.is_cut or reading.is_held or bool(told))
        )
        position = reading.position
        if not reading.is_cut and not told:
            _wait(conn, min(every, 0.1) if reading.is_held else every)
        told = 0


def _read(conn: Connection[Any], org_id: UUID, position: Position, *, until: Position | None) -> Reading:
    reading = perform(conn, read_changes(position, until=until), org_id=org_id)
    if reading.is_lost:
        raise BadArgument(
            "the cursor is older than what is kept of the change log, or of another database",
            hint="look at the runs themselves, and follow from now on",
        )
    return reading


def _news(reading: Reading, after: Position) -> Iterator[News]:
    """A cursor for each entry: within the row that one flush wrote too."""
    for change in reading.changes:
        for place, entry in enumerate(change.entries, 1):
            is_last = place == len(change.entries)
            cursor = Cursor.at(change.position) if is_last else Cursor(after, change.position, place)
            yield News(cursor, change.at, entry)
        after = change.position


def _wait(conn: Connection[Any], seconds: float) -> None:
    with translated_errors():
        for _ in conn.notifies(timeout=seconds, stop_after=1):
            pass


def step_lines(places: Sequence[tuple[UUID, int]]) -> Call[dict[tuple[UUID, int], StepLine]]:
    """Steps by run and number, in one query; what is not there is left out."""
    run_ids = [run_id for run_id, _ in places]
    return Call(
        "select s.run_id, s.step_number, s.node_key, s.status, s.retry_count, s.duration_ms, s.error_message"
        " from unnest(%s::uuid[], %s::integer[]) asked (run_id, step_number)"
        " join mainstem.user_workflow_run_step s on s.run_id = asked.run_id and s.step_number = asked.step_number"
        " where s.run_id between %s and %s",
        [run_ids, [number for _, number in places], min(run_ids, default=None), max(run_ids, default=None)],
        lambda rows: {(row.pop("run_id"), row.pop("step_number")): StepLine(**row) for row in rows},
    )
