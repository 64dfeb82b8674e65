"""Which schedule is meant, which moment, and whether its workflow takes its input."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from mainstem.cli.door import Performing
from mainstem.errors import BadArgument, NotFound
from mainstem.graph.inputs import refuse_input
from mainstem.ledger.definitions import read_input
from mainstem.ledger.schedules import Schedule, find_schedule, read_schedule
from mainstem.model import Json


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


def given_moment(text: str) -> datetime:
    """Raises BadArgument."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as refusal:
        raise BadArgument(f"--at: {text!r} is no time", hint="--at 2026-03-01T09:30") from refusal


def refuse_misfit(ask: Performing, workflow_id: UUID, version: int, given: dict[str, Json]) -> None:
    """Raises InputRefused with every fault, NotFound for a version."""
    asked = ask(read_input(workflow_id, version))
    if asked is not None:
        refuse_input(asked, given)
