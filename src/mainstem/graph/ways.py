"""Ways on from a node: which are taken, which are not, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.graph.expression import evaluated, holds
from mainstem.graph.model import Edge
from mainstem.model import Json

LONGEST = 500
"""Characters of a condition's value that are kept."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """An edge, what its condition gave, and what came of it."""

    place: int
    """Among the edges that its node leaves by."""
    edge: Edge
    is_taken: bool
    why: str
    value: Json = None

    @property
    def told(self) -> dict[str, Json]:
        """As the record has it."""
        found: dict[str, Json] = {
            "to": self.edge.target,
            "label": self.edge.label,
            "taken": self.is_taken,
            "why": self.why,
        }
        if self.edge.condition is not None:
            found |= {"condition": self.edge.condition, "value": _short(self.value)}
        return found


def only_one(edges: Sequence[Edge], scope: Mapping[str, Any]) -> list[Weighed]:
    """Of a decision: the first whose condition holds, else the one without a condition. Raises KindRefused."""
    weighed = [_alone(place, edge, scope) for place, edge in enumerate(edges)]
    chosen = next((one for one in weighed if one.is_taken and one.edge.condition is not None), None)
    chosen = chosen or next((one for one in weighed if one.edge.condition is None), None)
    return [_beside(one, chosen) for one in weighed]


def each(edges: Sequence[Edge], scope: Mapping[str, Any]) -> list[Weighed]:
    """Of any other node: all whose condition holds, and all without one. Raises KindRefused."""
    return [_alone(place, edge, scope) for place, edge in enumerate(edges)]


def for_error(edges: Sequence[Edge], scope: Mapping[str, Any], error_type: str) -> list[Weighed]:
    """Of a node that failed: the first that is for this error. Raises KindRefused."""
    fitting = [_for_class(place, edge, scope, error_type) for place, edge in enumerate(edges)]
    chosen = next((one for one in fitting if one.is_taken), None)
    return [_beside(one, chosen) for one in fitting]


def taken(weighed: Sequence[Weighed]) -> list[int]:
    """The places of the edges that are taken."""
    return [one.place for one in weighed if one.is_taken]


def _alone(place: int, edge: Edge, scope: Mapping[str, Any]) -> Weighed:
    if edge.condition is None:
        return Weighed(place, edge, is_taken=True, why="it has no condition")
    value = evaluated(edge.condition, scope)
    why = "its condition holds" if holds(value) else "its condition does not hold"
    return Weighed(place, edge, holds(value), why, value)


def _for_class(place: int, edge: Edge, scope: Mapping[str, Any], error_type: str) -> Weighed:
    if edge.errors and error_type not in edge.errors:
        return Weighed(
            place, edge, is_taken=False, why=f"it is for {', '.join(edge.errors)}, not for {error_type}"
        )
    return _alone(place, edge, scope)


def _beside(one: Weighed, chosen: Weighed | None) -> Weighed:
    """As it stands when one is taken at most."""
    if one is chosen:
        why = one.why if one.edge.condition is not None else "no condition before it held"
        return Weighed(one.place, one.edge, is_taken=True, why=why, value=one.value)
    if not one.is_taken or chosen is None:
        return Weighed(one.place, one.edge, is_taken=False, why=one.why, value=one.value)
    return Weighed(
        one.place, one.edge, is_taken=False, why=f"{chosen.edge.target} was taken", value=one.value
    )


def _short(value: Json) -> Json:
    text = json.dumps(value, default=str)
    return value if len(text) <= LONGEST else f"{text[:LONGEST]}…"
