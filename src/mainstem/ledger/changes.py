"""The change log: what changed in a tenant's runs, in an order that a reader can go on in after any cut.

Transactions become visible in another order than they began. A reader therefore takes only what lies below the oldest
transaction that is still open: nothing can appear there any more, and a position once passed is passed for good.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from mainstem.errors import BadArgument
from mainstem.ledger.call import Call, Row, scalar
from mainstem.ledger.runs import summaries_of_rows, summary_query
from mainstem.model import RunSummary

KEPT = "6 hours"
"""How long the change log is kept: a live feed that was cut for longer reads its lists anew."""

MOST_ROWS = 200
"""Rows of one reading; each is what one flush changed."""

_NIL = UUID(int=0)
_CURSOR = struct.Struct(">Q16sQ16sI")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of the log: everything up to it has been read."""

    xid: int
    change_id: UUID


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a client stands: it has had all up to `after`, and `told` pieces of what lies up to `until`.

    Whoever reads (after, until] again divides it into the same pieces in the same order, so a cut may be anywhere.
    """

    after: Position
    until: Position
    told: int

    @classmethod
    def at(cls, position: Position) -> Cursor:
        """Nothing half told."""
        return cls(position, position, 0)

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises BadArgument for what no feed gave."""
        try:
            one, first, two, last, told = _CURSOR.unpack(base64.urlsafe_b64decode(text + "=="))
        except (ValueError, struct.error) as refusal:
            raise BadArgument(
                f"{text[:80]!r} is no cursor of a live feed", hint="send the id of the last frame you had"
            ) from refusal
        return cls(Position(one, UUID(bytes=first)), Position(two, UUID(bytes=last)), told)

    def __str__(self) -> str:
        packed = _CURSOR.pack(
            self.after.xid, self.after.change_id.bytes, self.until.xid, self.until.change_id.bytes, self.told
        )
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Entry:
    """A run (step_number 0) or a step, and the state it came to."""

    run_id: UUID
    step_number: int
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one flush, or one call of a function, changed for this tenant."""

    position: Position
    at: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What lay after a position. Everything up to `position` has now been read."""

    changes: list[Change]
    position: Position
    is_cut: bool
    """There is more to read at once."""
    is_held: bool
    """Something is recorded, but behind an older transaction that is still open: look again soon."""
    is_lost: bool
    """The position is older than what is kept, or of another database: what lies between is not known."""
    open_xid: int | None
    """The oldest open transaction of the server that writes; None when there is none."""


def newest() -> Call[Position]:
    """Where to begin for who wants only what happens from now on: before it calls anything else."""
    return Call(
        "select pg_snapshot_xmin(pg_current_snapshot())", [], lambda rows: Position(int(scalar(rows)), _NIL)
    )


_READ: LiteralString = """
with bound as materialized (
  select pg_snapshot_xmin(pg_current_snapshot()) as lower, pg_snapshot_xmax(pg_current_snapshot()) as upper),
found as (
  select c.xid, c.change_id, c.at, c.run_ids, c.step_numbers, c.states
    from mainstem.user_workflow_change c
   where c.org_id = mainstem.current_org() and (c.xid, c.change_id) > (%s::xid8, %s::uuid) and {}
   order by c.xid, c.change_id limit %s)
select b.lower, b.upper, f.*,
       (select c.xid from mainstem.user_workflow_change c
         where c.org_id = mainstem.current_org() and c.xid >= (select lower from bound)
         order by c.xid, c.change_id limit 1) is not null as is_held,
       exists (select from mainstem.user_workflow_change c
                where c.org_id = mainstem.current_org() and (c.xid, c.change_id) > (%s::xid8, %s::uuid)
                  and c.at < (select mainstem.clock() - %s::interval)) as is_expired
  from bound b left join found f on true order by f.xid, f.change_id
"""


def read_changes(after: Position, *, until: Position | None = None, limit: int = MOST_ROWS) -> Call[Reading]:
    """What comes after a position, in order, for the tenant: up to `until`, or to all that can no longer change.

    until: a position that a reading gave; it lies below what is open.
    """
    start = [str(after.xid), after.change_id]
    if until is None:
        query = _READ.format("c.xid < (select lower from bound)")
        parameters: list[Any] = [*start, limit, *start, KEPT]
    else:
        query = _READ.format("(c.xid, c.change_id) <= (%s::xid8, %s::uuid)")
        parameters = [*start, str(until.xid), until.change_id, limit, *start, KEPT]
    return Call(query, parameters, lambda rows: _reading(rows, after, until=until, limit=limit))


def _reading(rows: list[Row], after: Position, *, until: Position | None, limit: int) -> Reading:
    lower, upper = int(rows[0]["lower"]), int(rows[0]["upper"])
    changes = [_change(row) for row in rows if row["xid"] is not None]
    is_cut = len(changes) == limit
    whole = Position(lower, _NIL) if until is None else until
    return Reading(
        changes,
        changes[-1].position if is_cut else max(after, whole),
        is_cut,
        rows[0]["is_held"],
        rows[0]["is_expired"] or after.xid > upper,
        lower if lower < upper else None,
    )


def _change(row: Row) -> Change:
    entries = zip(row["run_ids"], row["step_numbers"], row["states"], strict=True)
    return Change(
        Position(int(row["xid"]), row["change_id"]), row["at"], tuple(Entry(*entry) for entry in entries)
    )


def summaries_of(run_ids: Sequence[UUID]) -> Call[dict[UUID, RunSummary]]:
    """The runs of a reading as lists show them, in one query; what is not there is left out."""
    first, last = min(run_ids, default=None), max(run_ids, default=None)  # an array alone prunes nothing
    return Call(
        summary_query("r.run_id = any(%s) and r.run_id between %s and %s"),
        [list(run_ids), first, last],
        lambda rows: {run.run_id: run for run in summaries_of_rows(rows)},
    )


def sweep() -> Call[None]:
    """Delete a little of what is older than is kept, but of each tenant never its last such row.

    That row is how a reader with an older position learns that something between is gone.
    """
    return Call(
        "delete from mainstem.user_workflow_change where ctid = any(array("
        "select c.ctid from mainstem.user_workflow_change c where c.at < (select mainstem.clock() - %s::interval)"
        " and (select n.at from mainstem.user_workflow_change n"
        " where n.org_id = c.org_id and (n.xid, n.change_id) > (c.xid, c.change_id)"
        " order by n.xid, n.change_id limit 1) < mainstem.clock() - %s::interval limit 5000))",
        [KEPT, KEPT],
        lambda _: None,
    )
