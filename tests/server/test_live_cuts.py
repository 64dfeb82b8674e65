"""Cuts of a live feed at any frame, over any log: what was had before and what comes after is the whole, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from json import loads
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstem.ledger.changes import Change, Cursor, Entry, Position, Reading
from mainstem.server.live import Interest
from mainstem.server.live.frames import Batch, Frame, batch_of

NIL = UUID(int=0)
START = Position(0, NIL)

entries = st.builds(
    Entry,
    st.integers(1, 4).map(lambda number: UUID(int=number)),
    st.integers(0, 3),
    st.sampled_from(["running", "completed"]),
)
quietly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # cores are shared
logs = st.lists(st.lists(entries, min_size=1, max_size=4), max_size=8)


def log_of(flushes: list[list[Entry]]) -> list[Change]:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        Change(Position(place, UUID(int=7)), moment, tuple(flush)) for place, flush in enumerate(flushes, 1)
    ]


def read(log: list[Change], after: Position, until: Position, limit: int, told: int = 0) -> Batch:
    """As the database answers."""
    found = [change for change in log if after < change.position <= until][:limit]
    is_cut = len(found) == limit
    position = found[-1].position if is_cut else until
    return batch_of(after, Reading(found, position, is_cut, False, False, None), {}, told)


def whole(log: list[Change], cursor: Cursor, limit: int) -> list[Frame]:
    """Everything from a cursor on, in readings of so many rows."""
    end = Position(len(log) + 1, NIL)
    frames: list[Frame] = []
    if cursor.after != cursor.until:
        frames += read(log, cursor.after, cursor.until, limit, cursor.told).frames
    position = cursor.until
    while position < end:
        batch = read(log, position, end, limit)
        frames += batch.frames
        position = batch.position
    return frames


@quietly
@given(logs, st.integers(1, 5))
def test_a_cut_after_any_frame_loses_and_repeats_nothing(flushes: list[list[Entry]], limit: int) -> None:
    log = log_of(flushes)
    frames = whole(log, Cursor.at(START), limit)
    for place, frame in enumerate(frames, 1):
        assert whole(log, Cursor.parse(frame.id), limit) == frames[place:]


@quietly
@given(logs, st.integers(1, 5))
def test_each_change_is_in_a_frame_with_its_last_state(flushes: list[list[Entry]], limit: int) -> None:
    log = log_of(flushes)
    last = {(entry.run_id, entry.step_number): entry.state for change in log for entry in change.entries}
    shown: dict[tuple[UUID | None, int], object] = {}
    for frame in whole(log, Cursor.at(START), limit):
        data = loads(frame.data)
        shown |= {(frame.run_id, one["step_number"]): one["state"] for one in data["steps"]}
        if data["status"] is not None:
            shown[frame.run_id, 0] = data["status"]
    assert shown == last


@quietly
@given(logs, st.integers(1, 5), st.integers(1, 4))
def test_a_cut_seen_through_an_interest_loses_and_repeats_nothing(
    flushes: list[list[Entry]], limit: int, wanted: int
) -> None:
    """The ids are those of the whole feed, whatever a client leaves out."""
    log = log_of(flushes)
    interest = Interest(frozenset({UUID(int=wanted)}))
    frames = [frame for frame in whole(log, Cursor.at(START), limit) if interest.wants(frame)]
    for place, frame in enumerate(frames, 1):
        rest = [one for one in whole(log, replace(frame.cursor), limit) if interest.wants(one)]
        assert rest == frames[place:]
