"""Frames: what a client is told, encoded once however many clients there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import count
from uuid import UUID

from pydantic_core import to_json

from mainstem.ledger.changes import Cursor, Position, Reading
from mainstem.model import RunSummary

RETRY = 2000
"""Milliseconds that an EventSource waits before it connects again."""


@dataclass(frozen=True)
class Frame:
    """One message. Its id is where the client goes on after it."""

    kind: str
    cursor: Cursor
    data: bytes
    run_id: UUID | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a filter may ask for."""

    @cached_property
    def id(self) -> str:
        return str(self.cursor)

    @cached_property
    def event(self) -> bytes:
        """As Server-Sent Event. `ping` and `open` move the client's cursor and call nothing in it."""
        match self.kind:
            case "ping":
                return f": ping\nid: {self.id}\n\n".encode()
            case "open":
                return f": open\nretry: {RETRY}\nid: {self.id}\n\n".encode()
            case kind:
                return f"event: {kind}\nid: {self.id}\ndata: ".encode() + self.data + b"\n\n"

    def message(self, sub: str) -> str:
        """As WebSocket message of a subscription."""
        head = f'{{"sub":{to_json(sub).decode()},"type":"{self.kind}","id":"{self.id}","data":'
        return f"{head}{self.data.decode()}}}"


@dataclass(frozen=True)
class Batch:
    """What one reading of the log became: a frame for each run of it."""

    frames: tuple[Frame, ...]
    position: Position

    @cached_property
    def events(self) -> bytes:
        return b"".join(frame.event for frame in self.frames)


def signal(kind: str, cursor: Cursor) -> Batch:
    """A batch of one frame that is about no run: open, ping, reset, gap, bye."""
    return Batch((Frame(kind, cursor, b"{}"),), cursor.until)


@dataclass
class _Heard:
    """What a reading says of one run, the latest of each step."""

    at: datetime
    status: str | None = None
    steps: dict[int, str] = field(default_factory=dict)


def batch_of(after: Position, reading: Reading, summaries: Mapping[UUID, RunSummary], told: int = 0) -> Batch:
    """A reading as frames, without the first `told`: a run once, in the order of its last change.

    The order is a function of the rows alone, so that a cut within a batch can be resumed.
    """
    heard = _heard(reading)
    last = len(heard)
    frames = [
        _frame(run_id, one, summaries.get(run_id), _cursor(after, reading.position, place, last))
        for place, (run_id, one) in zip(count(1), heard.items(), strict=False)
        if place > told
    ]
    return Batch(tuple(frames), reading.position)


def _cursor(after: Position, until: Position, place: int, last: int) -> Cursor:
    return Cursor.at(until) if place == last else Cursor(after, until, place)


def runs_of(reading: Reading) -> set[UUID]:
    return {entry.run_id for change in reading.changes for entry in change.entries}


def _heard(reading: Reading) -> dict[UUID, _Heard]:
    heard: dict[UUID, _Heard] = {}
    for change in reading.changes:
        for entry in change.entries:
            one = heard.pop(entry.run_id, None) or _Heard(change.at)
            heard[entry.run_id] = one
            one.at = change.at
            if entry.step_number == 0:
                one.status = entry.state
            else:
                one.steps[entry.step_number] = entry.state
    return heard


def _frame(run_id: UUID, heard: _Heard, run: RunSummary | None, cursor: Cursor) -> Frame:
    data = {
        "run_id": run_id,
        "status": heard.status if run is None else run.status,
        "at": heard.at,
        "steps": [{"step_number": number, "state": state} for number, state in sorted(heard.steps.items())],
        "run": run,
    }
    facts = {} if run is None else {"status": run.status, "workflow": run.workflow, "channel": run.channel}
    return Frame("run", cursor, to_json(data), run_id, facts)
