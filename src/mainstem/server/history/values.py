"""Values of the old API: what a stored one becomes in a field of each type. None: it is missing, or does not fit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from mainstem.server.history.item import CostBreakdown, TokenBreakdown

LARGEST = 1 << 63

FLOATS = ("estimated_total", "actual_total", "estimated_per_step", "actual_per_step", "cost_per_token")


def number(value: object) -> float | None:
    """A number, or a text that is one: a column that held texts as well came over as texts."""
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: object) -> int | None:
    """Fractions are cut off: one fraction of a second in a row once emptied the whole page."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < LARGEST else None
    found = number(value)
    return None if found is None else whole(int(found))


def flag(value: object) -> bool | None:
    """SQLite had 0 and 1."""
    return None if value is None else bool(value)


def text(value: object) -> str | None:
    """A number in a column of texts is its text."""
    return value if isinstance(value, str) else None if value is None else json.dumps(value)


def mapping(value: object) -> dict[str, Any] | None:
    """An object; also one that was encoded twice."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def texts(value: object) -> list[str] | None:
    """Sentences; of an object that stands for one, its message."""
    return [_sentence(each) for each in value] if isinstance(value, list) else None


def _sentence(value: object) -> str:
    said = value.get("message", value) if isinstance(value, dict) else value
    return said if isinstance(said, str) else json.dumps(said)


def seconds(value: object) -> dict[str, int] | None:
    """Phase to seconds."""
    found = mapping(value)
    return None if found is None else {phase: whole(took) or 0 for phase, took in found.items()}


def costs(value: object) -> CostBreakdown | None:
    found = mapping(value)
    if found is None:
        return None
    phases = mapping(found.get("by_phase"))
    by_phase = None if phases is None else {phase: number(cost) or 0.0 for phase, cost in phases.items()}
    return CostBreakdown(**{name: number(found.get(name)) or 0.0 for name in FLOATS}, by_phase=by_phase)


def tokens(value: object) -> TokenBreakdown | None:
    found = mapping(value)
    if found is None:
        return None
    return TokenBreakdown(**{name: whole(found.get(name)) or 0 for name in TokenBreakdown.model_fields})


READ: dict[object, Callable[[object], Any]] = {
    int: whole,
    int | None: whole,
    float: number,
    float | None: number,
    bool: flag,
    str | None: text,
    list[str]: texts,
    list[str] | None: texts,
    dict[str, Any] | None: mapping,
    dict[str, int] | None: seconds,
    CostBreakdown | None: costs,
    TokenBreakdown | None: tokens,
}
"""By the type of the field."""
