"""Comparisons: a condition on JSON documents, as a person types it: `input.amount > 1000 and input.kind = "bill"`."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from mainstem.errors import BadArgument

_PART = re.compile(
    r"""\s*(?P<path>[A-Za-z_][\w.\[\]]*)\s*(?P<by>!=|<=|>=|=|<|>|~)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+)\s*"""
)
_AND = re.compile(r"and\s+")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_BY: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Part:
    """One path beside one value."""

    root: str
    path: tuple[str | int, ...]
    by: str
    value: Any

    def holds(self, documents: Mapping[str, Any]) -> bool:
        """What is not there is equal to nothing, and what cannot be compared does not hold."""
        found = documents.get(self.root, _NOTHING)
        for key in self.path:
            found = _within(found, key)
        match self.by:
            case "=":
                return _same(found, self.value)
            case "!=":
                return not _same(found, self.value)
            case "~":
                return isinstance(found, str) and str(self.value) in found
            case by:
                return _ordered(found, self.value) and _BY[by](found, self.value)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Parts that all hold."""

    parts: tuple[Part, ...]

    @classmethod
    def parsed(cls, text: str, roots: tuple[str, ...]) -> Self:
        """roots: the documents that there are. Raises BadArgument with the place that cannot be read."""
        parts: list[Part] = []
        position = 0
        while not parts or position < len(text):
            if parts:
                position = _read(_AND, text, position, roots).end()
            found = _read(_PART, text, position, roots)
            parts.append(_part(found, text, roots))
            position = found.end()
        return cls(tuple(parts))

    def holds(self, documents: Mapping[str, Any]) -> bool:
        return all(part.holds(documents) for part in self.parts)


def _read(pattern: re.Pattern[str], text: str, position: int, roots: tuple[str, ...]) -> re.Match[str]:
    if found := pattern.match(text, position):
        return found
    raise BadArgument(
        f"the condition {text!r} cannot be read from character {position} on",
        hint=f'write as {roots[0]}.amount > 1000 and {roots[0]}.kind = "bill", with one of = != < <= > >= ~',
    )


def _part(found: re.Match[str], text: str, roots: tuple[str, ...]) -> Part:
    root = re.match(r"\w+", found["path"])[0]  # type: ignore[index]
    steps = found["path"][len(root) :]
    if root not in roots or "".join(one[0] for one in _STEP.finditer(steps)) != steps:
        raise BadArgument(
            f"the condition {text!r} asks for {found['path']!r}, which is nothing that it sees",
            hint=f"begin with one of {', '.join(roots)}, and go on with .name or [0]",
        )
    path = tuple(one[1] if one[1] is not None else int(one[2]) for one in _STEP.finditer(steps))
    return Part(root, path, found["by"], _value(found["value"]))


def _value(text: str) -> Any:
    """A JSON value, or a word as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _within(found: Any, key: str | int) -> Any:
    if isinstance(found, dict) and isinstance(key, str):
        return found.get(key, _NOTHING)
    if isinstance(found, list) and isinstance(key, int) and key < len(found):
        return found[key]
    return _NOTHING


def _same(found: Any, value: Any) -> bool:
    """True is not 1 here, as it is not in JSON."""
    return isinstance(found, bool) == isinstance(value, bool) and bool(found == value)


def _ordered(found: Any, value: Any) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return False
    return all(isinstance(one, int | float) for one in (found, value)) or all(
        isinstance(one, str) for one in (found, value)
    )
