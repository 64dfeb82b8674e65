"""A run's input, held against what its workflow takes before the run is begun."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from mainstem.errors import InputRefused
from mainstem.flow.forms import faults_in
from mainstem.graph.model import Requirement
from mainstem.graph.requirements import faults_of, with_defaults
from mainstem.ledger.definitions import InputAsked
from mainstem.model import Json

_REQUIREMENTS = TypeAdapter(dict[str, Requirement])


def refuse_input(asked: InputAsked, given: Mapping[str, Json]) -> None:
    """Raises InputRefused with every fault."""
    if faults := faults_of_input(asked, given):
        raise InputRefused.of(asked.workflow, faults)


def faults_of_input(asked: InputAsked, given: Mapping[str, Json]) -> list[str]:
    """Everything in the input that the workflow does not take, each with its place."""
    if asked.schema is not None:
        return faults_in(asked.schema, dict(given), "input")
    if not asked.requirements:
        return []
    try:
        required = _REQUIREMENTS.validate_python(asked.requirements)
    except ValidationError:  # of an old system, in words of its own
        return []
    return faults_of(required, with_defaults(required, given), "input")
