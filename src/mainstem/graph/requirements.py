"""Requirements: whether a value is what a node asks for, each fault with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from mainstem.errors import KindRefused
from mainstem.graph.expression import evaluated, holds
from mainstem.graph.model import Requirement
from mainstem.model import Json


def with_defaults(requirements: Mapping[str, Requirement], given: Mapping[str, Json]) -> dict[str, Json]:
    """What was given, and the defaults of what was not."""
    defaults = {
        name: one.default for name, one in requirements.items() if one.has_default and given.get(name) is None
    }
    return {**given, **defaults}


def faults_of(requirements: Mapping[str, Requirement], given: Json, place: str) -> list[str]:
    """Everything in `given` that is not as required."""
    if not requirements:
        return []
    if not isinstance(given, Mapping):
        return [f"{place}: an object is required, with {', '.join(requirements)}"]
    return [
        fault
        for name, requirement in requirements.items()
        for fault in faults_in(requirement, given.get(name), f"{place}.{name}")
    ]


def faults_in(requirement: Requirement, value: Json, place: str) -> list[str]:
    """What speaks against one value; null stands for none."""
    if value is None:
        return [f"{place}: required, and not given"] if requirement.required else []
    if not IS_OF_TYPE[requirement.type](value):
        return [f"{place}: {_shown(value)} is no {requirement.type}"]
    return [f"{place}: {_shown(value)} {reason}" for reason in _reasons(requirement, value)]


def _reasons(requirement: Requirement, value: Json) -> Iterator[str]:
    if requirement.enum is not None and value not in requirement.enum:
        yield f"is none of {', '.join(map(_shown, requirement.enum))}"
    if isinstance(value, int | float):
        yield from _outside(value, requirement.minimum, requirement.maximum, "is")
    if isinstance(value, str | list | dict):
        yield from _outside(len(value), requirement.min_length, requirement.max_length, "has length")
    if (
        requirement.pattern is not None
        and isinstance(value, str)
        and not re.search(requirement.pattern, value)
    ):
        yield f"does not match {requirement.pattern}"
    if requirement.rule is not None and (fault := _broken(requirement.rule, value)):
        yield fault


def _outside(number: float, least: float | None, most: float | None, verb: str) -> Iterator[str]:
    if least is not None and number < least:
        yield f"{verb} {number:g}, less than {least:g}"
    if most is not None and number > most:
        yield f"{verb} {number:g}, more than {most:g}"


def _broken(rule: str, value: Json) -> str:
    try:
        return "" if holds(evaluated(rule, value)) else f"breaks the rule {rule!r}"
    except KindRefused as refusal:
        return f"cannot be held against its rule: {refusal.message}"


def _is_date(value: Json) -> bool:
    return isinstance(value, str) and any(
        _reads(read, value) for read in (date.fromisoformat, datetime.fromisoformat)
    )


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _is_file(value: Json) -> bool:
    uri = value.get("uri") if isinstance(value, Mapping) else value
    return isinstance(uri, str) and bool(uri)


IS_OF_TYPE: dict[str, Callable[[Json], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "date": _is_date,
    "file": _is_file,
}


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
