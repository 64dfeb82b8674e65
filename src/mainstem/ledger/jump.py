"""Jumps: whatever somebody calls a run or a step by, to the run and the step."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mainstem.errors import NotFound
from mainstem.ids import run_of, step_number_of
from mainstem.ledger.call import Call, Row


@dataclass(frozen=True, slots=True)
class Place:
    """A run, or a step of it; by: what the id was."""

    kind: str
    run_id: UUID
    step_id: UUID | None
    by: str


def jump_to(text: str) -> Call[Place]:
    """Ids of runs and steps, numbers from before a consolidation, old keys, external ids: the first that there is, the latest of several.

    Raises NotFound.
    """
    wanted = text.strip().replace("\x00", "")
    as_uuid = _uuid(wanted)
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19 else None
    parameters = [
        None if as_uuid is None else run_of(as_uuid),
        None if as_uuid is None or not step_number_of(as_uuid) else as_uuid,
        number,
        wanted,
    ]
    return Call(
        "select * from mainstem.find_by_any_id(%s, %s, %s, %s)", parameters, lambda rows: _place(rows, text)
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _place(rows: list[Row], text: str) -> Place:
    if not rows:
        raise NotFound(
            f"no run and no step is known by {text[:80]!r} in this tenant's ledger",
            hint="look at the id, then at the tenant; a part of an external id is found by the filter ext:…*",
        )
    step_id = rows[0]["step_id"]
    return Place("run" if step_id is None else "step", rows[0]["run_id"], step_id, rows[0]["by"])
