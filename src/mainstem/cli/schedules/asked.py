"""Which schedule is meant."""

from __future__ import annotations

from uuid import UUID

from mainstem.cli.door import Performing
from mainstem.errors import NotFound
from mainstem.ledger.schedules import Schedule, find_schedule, read_schedule


def schedule_named(ask: Performing, text: str) -> Schedule:
    """By its name, or its id. Raises NotFound."""
    try:
        return ask(find_schedule(text))
    except NotFound as missing:
        try:
            schedule_id = UUID(text)
        except ValueError:
            raise missing from None
        return ask(read_schedule(schedule_id))
