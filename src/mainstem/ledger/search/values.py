"""Values: what is written after a key, read as what the key takes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from mainstem.errors import FilterUnreadable
from mainstem.ledger.search.filters import (
    NUMERIC,
    Ago,
    Day,
    Duration,
    Id,
    Literally,
    Moment,
    Number,
    Operand,
    Text,
)
from mainstem.ledger.search.words import Key, Kind

D = TypeVar("D", bound=date)

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_DURATION = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d|w)", re.ASCII)
_AGO = re.compile(r"-(\d{1,10})([smhdw])", re.ASCII)
_LONGEST_MS = 2**53
_LONGEST_AGO = 100 * 366 * 86_400
_YEARS = range(1970, 9000)


@dataclass(frozen=True, slots=True)
class Atom:
    """One value as it is written, and where."""

    text: str
    at: int
    line: str
    is_quoted: bool

    def error(self, key: Key, hint: str = "") -> FilterUnreadable:
        nearest = difflib.get_close_matches(self.text.lower(), key.choices, n=1)
        takes = ", ".join(key.choices) or key.kind.value
        return FilterUnreadable(
            f"at character {self.at + 1}: {key.name} does not take {self.text[:80]!r}"
            + (f"; is it {nearest[0]!r}?" if nearest else ""),
            hint=hint or f"{key.name} takes {takes}", position=self.at, value=self.text, allowed=key.choices,
        )  # fmt: skip


def operand(atom: Atom, key: Key) -> Operand:
    """Raises FilterUnreadable for what the key does not take."""
    return _READERS[key.kind](atom, key)


def _text(atom: Atom, _key: Key) -> Text:
    is_pattern = not atom.is_quoted and "*" in atom.text
    return Text(atom.text, is_pattern)


def _wording(atom: Atom, key: Key) -> Text:
    if not atom.text:
        raise atom.error(key, "write a part of the message")
    return Text(atom.text)


def _choice(atom: Atom, key: Key) -> Text:
    if (text := atom.text.lower()) not in key.choices:
        raise atom.error(key)
    return Text(text)


def _number(atom: Atom, key: Key) -> Number:
    if not re.fullmatch(r"-?\d{1,18}", atom.text, re.ASCII):
        raise atom.error(key)
    return Number(Decimal(atom.text))


def _duration(atom: Atom, key: Key) -> Duration:
    found = _DURATION.fullmatch(atom.text)
    milliseconds = int(Decimal(found[1]) * _MILLISECONDS[found[2]]) if found else _LONGEST_MS
    if milliseconds >= _LONGEST_MS:
        raise atom.error(key)
    return Duration(milliseconds)


def _time(atom: Atom, key: Key) -> Ago | Day | Moment:
    if ago := _AGO.fullmatch(atom.text):
        seconds = int(ago[1]) * _MILLISECONDS[ago[2]] // 1000
        if seconds > _LONGEST_AGO:
            raise atom.error(key, "say at most 100 years")
        return Ago(seconds)
    if _DURATION.fullmatch(atom.text):
        raise atom.error(key, f"for so long ago write -{atom.text}: {key.name}:>-{atom.text}")
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", atom.text, re.ASCII):
            return Day(_in_years(date.fromisoformat(atom.text), atom, key))
        at = datetime.fromisoformat(atom.text)
        return Moment(_in_years(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), atom, key))
    except (ValueError, OverflowError) as refusal:
        raise atom.error(key) from refusal


def _in_years(at: D, atom: Atom, key: Key) -> D:
    if at.year not in _YEARS:
        raise atom.error(key, f"years are {_YEARS[0]} to {_YEARS[-1]}")
    return at


def _id(atom: Atom, key: Key) -> Id:
    try:
        return Id(UUID(atom.text))
    except ValueError as refusal:
        raise atom.error(
            key, "an id has 32 hexadecimal digits; for a caller's own id there is ext:"
        ) from refusal


def _json(atom: Atom, key: Key) -> Operand:
    if not atom.is_quoted and atom.text in ("true", "false", "null"):
        return Literally(atom.text)
    if not atom.is_quoted and re.fullmatch(NUMERIC, atom.text, re.ASCII):
        return Number(Decimal(atom.text))
    return _text(atom, key)


_READERS: dict[Kind, Callable[[Atom, Key], Operand]] = {
    Kind.TEXT: _text,
    Kind.WORDING: _wording,
    Kind.CHOICE: _choice,
    Kind.NUMBER: _number,
    Kind.DURATION: _duration,
    Kind.TIME: _time,
    Kind.ID: _id,
    Kind.JSON: _json,
}
