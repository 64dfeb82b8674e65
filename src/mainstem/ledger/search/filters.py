"""Filters: what a search asks, as frozen values. Printed, they are read as themselves again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

Comparison = Literal["=", ">", ">=", "<", "<="]
Document = Literal["ctx", "in", "out"]

PLAIN = re.compile(r'[^\s:,"\\*<>=.-][^\s:,"\\*]*')
"""Texts that need no quotes, wherever they stand."""
NUMERIC = r"-?\d{1,30}(?:\.\d{1,15})?"
PLAIN_STEP = re.compile(r'[^\s:,".\\*-][^\s:,".\\*]*')
_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_LITERAL = re.compile(rf"true|false|null|{NUMERIC}")


@dataclass(frozen=True, slots=True)
class Text:
    """A text; as a pattern its `*` stand for anything."""

    text: str
    is_pattern: bool = False

    def __str__(self) -> str:
        if self.is_pattern:  # what begins as a comparison is one, unless `=` goes before
            return f"={self.text}" if self.text[0] in "<>=" else self.text
        is_plain = PLAIN.fullmatch(self.text) and ".." not in self.text and not _LITERAL.fullmatch(self.text)
        return self.text if is_plain else quoted(self.text)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, of a JSON document or of a column."""

    number: Decimal

    def __str__(self) -> str:
        return f"{self.number:f}"


@dataclass(frozen=True, slots=True)
class Literally:
    """JSON's true, false and null."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Duration:
    """So many milliseconds."""

    milliseconds: int

    def __str__(self) -> str:
        return f"{self.milliseconds}ms"


@dataclass(frozen=True, slots=True)
class Ago:
    """So many seconds before the moment of asking, by the database's clock."""

    seconds: int

    def __str__(self) -> str:
        size, unit = next((size, unit) for size, unit in _UNITS if self.seconds % size == 0)
        return f"-{self.seconds // size}{unit}"


@dataclass(frozen=True, slots=True)
class Day:
    """A day, in UTC: all of it."""

    day: date

    def __str__(self) -> str:
        return self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant."""

    at: datetime

    def __str__(self) -> str:
        return self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Id:
    """The id of a run, or of one of its steps."""

    value: UUID

    def __str__(self) -> str:
        return str(self.value)


Operand = Text | Number | Literally | Duration | Ago | Day | Moment | Id


@dataclass(frozen=True, slots=True)
class Compared:
    """Something beside a value."""

    operand: Operand
    by: Comparison = "="

    def __str__(self) -> str:
        return f"{'' if self.by == '=' else self.by}{self.operand}"


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends included; of days, the whole last one."""

    low: Operand
    high: Operand

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


Value = Compared | Between


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a run, and the values of which one must hold."""

    key: str
    values: tuple[Value, ...]
    is_negated: bool = False

    def __str__(self) -> str:
        return f"{'-' * self.is_negated}{self.key}:{','.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Path:
    """A place in a run's context, input or output; through a list it leads to every element."""

    document: Document
    steps: tuple[str, ...]
    values: tuple[Value, ...]
    is_negated: bool = False

    def __str__(self) -> str:
        steps = ".".join(step if PLAIN_STEP.fullmatch(step) else quoted(step) for step in self.steps)
        return f"{'-' * self.is_negated}{self.document}.{steps}:{','.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or words in this order, somewhere in a run; is_prefix: a word that begins so."""

    text: str
    is_prefix: bool = False
    is_negated: bool = False

    def __str__(self) -> str:
        if self.is_prefix:
            return f"{'-' * self.is_negated}{self.text}*"
        shown = self.text if re.fullmatch(r'[^\s:"\\*-][^\s:"\\*]*', self.text) else quoted(self.text)
        return f"{'-' * self.is_negated}{shown}"


Term = Field | Path | Word


@dataclass(frozen=True, slots=True)
class Query:
    """All of its terms hold."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


def quoted(text: str) -> str:
    """In quotes; a quote and a backslash in it have a backslash before them."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
