"""An answer to an approval, held against its form where it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mainstem.errors import AnswerRefused
from mainstem.flow.forms import faults_in
from mainstem.graph.model import Requirement
from mainstem.graph.requirements import faults_in as faults_in_required
from mainstem.model import Json

REQUIREMENT = "x-mainstem-requirement"
"""In a property of a form: the requirement of a graph that says what a JSON schema cannot."""

_SHOWN = 5
"""Faults of an answer that are named."""


def refuse_answer(form: Json, answer: Json) -> None:
    """Raise AnswerRefused, with the place of each fault, for an answer that is not as the form has it. None takes any."""
    if form is None:
        return
    if faults := faults_in(form, answer) or list(_beyond_the_schema(form, answer)):
        told = faults[:_SHOWN]
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise AnswerRefused(
            f"the answer does not fit the form: {'; '.join(told)}{more}",
            hint="the approval's form says what it takes: `mainstem approvals list --json`",
        )


def _beyond_the_schema(form: Mapping[str, Json], answer: Mapping[str, Json]) -> Iterator[str]:
    for name, told in form.get("properties", {}).items():
        if isinstance(told, Mapping) and REQUIREMENT in told:
            requirement = Requirement.model_validate(told[REQUIREMENT])
            yield from faults_in_required(requirement, answer.get(name), f"$.{name}")
