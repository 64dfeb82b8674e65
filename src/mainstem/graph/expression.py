"""Expressions: JMESPath over what a run knows, and which names they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from mainstem.errors import KindRefused
from mainstem.model import Json

Root = tuple[str, str | None]
"""A name at an expression's root, and the one behind its first dot: ("nodes", "check")."""

_BY_THEIR_FIRST = {
    "index_expression",
    "projection",
    "value_projection",
    "filter_projection",
    "flatten",
    "slice",
    "pipe",
}
"""What stands behind the first child is about what that one gave."""


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Any:
    return jmespath.compile(text)


def fault_of(text: str) -> str | None:
    """Why it is no expression; None when it is one."""
    try:
        parsed = _compiled(text).parsed
    except JMESPathError as error:
        return " ".join(str(error).split())[:200]
    return "`!a.b` is read as `(!a).b`; write !(a.b)" if _negates_a_part(parsed) else None


def evaluated(text: str, scope: Json) -> Json:
    """What it gives. Raises KindRefused where a function does not take what it is given."""
    try:
        return _compiled(text).search(scope)
    except JMESPathError as error:
        raise KindRefused(
            f"{text!r} cannot be evaluated: {' '.join(str(error).split())}",
            hint="look at what it is given, in the step's input and in the nodes before",
        ) from error


def holds(value: Json) -> bool:
    """Truth as JMESPath has it: null, false and what is empty are false; every number is true."""
    return value is not None and value is not False and value not in ("", [], {})


def roots(text: str) -> set[Root]:
    """The names that it says of its scope. Only for an expression without fault."""
    return set(_roots(_compiled(text).parsed))


def _negates_a_part(part: Any) -> bool:
    """Whether `!` is about the first name of a path only, which nobody means."""
    if not isinstance(part, Mapping):
        return False
    if part["type"] == "subexpression" and part["children"][0]["type"] == "not_expression":
        return True
    return any(_negates_a_part(child) for child in part["children"])


def _roots(part: Mapping[str, Any]) -> Iterator[Root]:
    children = part["children"]
    match part["type"]:
        case "field":
            yield part["value"], None
        case "subexpression":
            yield from _of_path(_parts(part))
        case kind if kind in _BY_THEIR_FIRST:
            yield from _roots(children[0])
        case "literal" | "current" | "identity" | "expref" | "index":
            return
        case _:
            for child in children:
                yield from _roots(child)


def _parts(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A path with dots, flat."""
    if part["type"] != "subexpression":
        return [part]
    return [inner for child in part["children"] for inner in _parts(child)]


def _of_path(parts: list[Mapping[str, Any]]) -> Iterator[Root]:
    first, second = parts[0], _first_of(parts[1])
    if first["type"] == "field":
        yield first["value"], second["value"] if second["type"] == "field" else None
    else:
        yield from _roots(first)


def _first_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """`nodes.check[0]` may be read as `nodes.(check[0])`."""
    while part["type"] in _BY_THEIR_FIRST:
        part = part["children"][0]
    return part
