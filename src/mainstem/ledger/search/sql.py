"""SQL: a query as the terms that mainstem.find_workflow_runs takes. See its comment, and _run_condition's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mainstem.ledger.search.filters import (
    Ago,
    Between,
    Compared,
    Day,
    Duration,
    Field,
    Id,
    Literally,
    Moment,
    Number,
    Operand,
    Path,
    Query,
    Term,
    Text,
    Value,
    Word,
)

Side = dict[str, Any]
"""One comparison: op, and value or (for a time so many seconds ago) ago."""

_COLUMNS = {"ctx": "context", "in": "input_data", "out": "output_data"}


def terms_of(query: Query) -> list[dict[str, Any]]:
    """A JSON list: of each term what it is `on`, whether it is negated, and `any` of which it needs one."""
    return [_term(term) for term in query.terms]


def _term(term: Term) -> dict[str, Any]:
    match term:
        case Word():
            by = None if term.is_negated else "sealed"
            needle = max(re.findall(r"[^\W_]+", term.text), key=len, default=None)
            asked = {"words": term.text, "prefix": term.is_prefix, "needle": needle, "by": by}
            return {"on": "words", "not": term.is_negated, **asked}
        case Path():
            return {
                "on": _COLUMNS[term.document],
                "not": term.is_negated,
                "path": json_path(term),
                "by": _by(term),
            }
        case Field():
            sides = [_sides(value) for value in term.values]
            return {"on": term.key, "not": term.is_negated, "any": sides, "by": _by(term)}


def _by(term: Field | Path) -> str | None:
    """Which index has the few runs that such a term finds: of every leaf, of sealed ones, or none."""
    is_exact = not term.is_negated and all(
        isinstance(value, Compared)
        and value.by == "="
        and not isinstance(value.operand, Literally)
        and not (isinstance(value.operand, Text) and value.operand.is_pattern)
        for value in term.values
    )
    if not is_exact:
        return None
    return "sealed" if isinstance(term, Path) else "index" if term.key in ("id", "ext", "legacy") else None


def _sides(value: Value) -> list[Side]:
    """All of them hold."""
    match value:
        case Between(low, high):
            return [*_sides(Compared(low, ">=")), *_sides(Compared(high, "<="))]
        case Compared(Day() as day, by):
            return [_side(op, at) for op, at in _DAYS[by](day)]
        case Compared(Moment(at), "="):
            return [
                _side(">=", Moment(at)),
                _side("<", Moment(at + timedelta(seconds=1 if at.second else 60))),
            ]
        case Compared(Text(text, is_pattern=True)):
            return [{"op": "like", "value": like(text)}]
        case Compared(operand, by):
            return [_side(by, operand)]


_DAYS: dict[str, Callable[[Day], list[tuple[str, Operand]]]] = {
    "=": lambda day: [(">=", day), ("<", _next(day))],
    ">": lambda day: [(">=", _next(day))],
    ">=": lambda day: [(">=", day)],
    "<": lambda day: [("<", day)],
    "<=": lambda day: [("<", _next(day))],
}
"""A day is all of it: after it is from the next one on."""


def _next(day: Day) -> Day:
    return Day(day.day + timedelta(days=1))


def _side(op: str, operand: Operand) -> Side:
    match operand:
        case Ago(seconds):
            return {"op": op, "ago": seconds}
        case Day(day):
            return {"op": op, "value": f"{day.isoformat()}T00:00:00Z"}
        case Moment():
            return {"op": op, "value": str(operand)}
        case Duration(milliseconds):
            return {"op": op, "value": str(milliseconds)}
        case Text(text):
            return {"op": op, "value": text}
        case Number() | Literally() | Id():
            return {"op": op, "value": str(operand)}


def like(pattern: str) -> str:
    """A text with `*` as a pattern of LIKE."""
    return pattern.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_").replace("*", "%")


def json_path(path: Path) -> str:
    """As jsonpath, lax: through a list to every element. One EXISTS, as unlike types under `!` would be unknown."""
    steps = "".join(f".{json.dumps(step, ensure_ascii=False)}" for step in path.steps)
    alternatives = " || ".join(f"({_predicate(value)})" for value in path.values)
    return f"exists(${steps} ? ({alternatives}))"


def _predicate(value: Value) -> str:
    match value:
        case Between(low, high):
            return f"@ >= {_literal(low)} && @ <= {_literal(high)}"
        case Compared(Text(text, is_pattern=True)):
            return f"@ like_regex {json.dumps(_regex(text), ensure_ascii=False)}"
        case Compared(Number() as number, "="):  # an id is a number here and a text there
            return f'@ == {number} || @ == "{number}"'
        case Compared(operand, by):
            return f"@ {'==' if by == '=' else by} {_literal(operand)}"


def _literal(operand: Operand) -> str:
    return json.dumps(operand.text, ensure_ascii=False) if isinstance(operand, Text) else str(operand)


def _regex(pattern: str) -> str:
    escaped = "".join(
        f"\\{letter}" if not letter.isalnum() and ord(letter) < 128 else letter for letter in pattern
    )
    return "^" + escaped.replace("\\*", ".*") + "$"
