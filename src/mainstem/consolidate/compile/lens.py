"""One column's way there and back.

A lens is two expressions: `fold` of the old row, typed as its place in the ledger, and `back` of that place. Where fold loses something
(a NULL that becomes a default, a text that becomes a time, an end that the ledger's CHECKs do not allow) the original is kept
in `metadata.originals.<column>` as {was, as}, and only where it does not come back by itself. It is given back as long as the place still
holds what it became; once somebody changed that, the change counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mainstem.consolidate.compile.catalog import Column
from mainstem.consolidate.compile.text import (
    EXACT,
    from_json,
    json_argument,
    json_path,
    lit,
    q,
    to_json,
    without_length,
)
from mainstem.consolidate.mapping import Lens, SqlDefault, TimeFormat

SCHEMA = "mainstem_consolidation"
NARROW = {"integer": (-(2**31), 2**31 - 1), "smallint": (-(2**15), 2**15 - 1)}
TIMED = "timestamp with time zone"


@dataclass(frozen=True)
class Place:
    """A column of the target, or a key inside a JSON column of it."""

    column: str
    path: tuple[str, ...] = ()

    @staticmethod
    def of(to: str) -> Place:
        column, *path = to.split(".")
        return Place(column, tuple(path))


@dataclass(frozen=True)
class Way:
    """A column with its lens, compiled."""

    column: str
    type: str
    place: Place
    placed_type: str
    """Of the value at its place; a JSON key holds it as `to_json` writes it."""
    fold: str
    """Over `{row}`."""
    back: Callable[[str], str]
    loses: bool

    def value_in(self, row: str) -> str:
        """The typed value at its place in a row of the target."""
        if not self.place.path:
            return f"{row}.{q(self.place.column)}"
        return from_json(f"({row}.{q(self.place.column)} #> {json_path(*self.place.path)})", self.placed_type)

    def unfold(self, row: str) -> str:
        """The old value, from a row of the target."""
        value = self.value_in(row)
        if not self.loses:
            return self.back(value)
        kept = f"{row}.metadata #> {json_path('originals', self.column)}"
        was = f"({row}.metadata #>> {json_path('originals', self.column, 'was')})::{self.type}"
        same = self.is_still(value, f"{row}.metadata #>> {json_path('originals', self.column, 'as')}")
        return f"case when {kept} is not null and {same}\n         then {was} else {self.back(value)} end"

    def is_still(self, value: str, became: str) -> str:
        """That a value is the one whose text is kept."""
        return f"{value} is not distinct from ({became})::{self.placed_type}"

    def mark(self, value: str) -> str:
        """What is kept of a value, to know it again."""
        return f"({value})::text"

    def original(self, fitted: str) -> str:
        """What is kept beside it, given the value as it is placed: NULL when it comes back by itself."""
        old = f"{{row}}.{q(self.column)}"
        as_text = "" if self.type in EXACT else "::text"
        return (
            f"case when ({self.back(fitted)}){as_text} is distinct from ({old}){as_text} then "
            f"jsonb_build_object('was', to_jsonb(({old})::text), 'as', to_jsonb(({fitted})::text)) end"
        )


def compile_lens(
    table: str, column: Column, lens: Lens, target: dict[str, Column], *, value: str | None = None
) -> Way:
    """The way of one column. `target`: the columns of the relation it goes to; a JSON key takes the lens's own type.

    `value`: what goes through the lens, where it is not the column as it is.
    """
    place = Place.of(lens.to)
    value = f"{{row}}.{q(column.name)}" if value is None else value
    plain = without_length(column.type) if not column.type.startswith("character(") else "text"
    found = _transformed(table, column, lens, value)
    made, loses = found.value, found.loses
    placed_type = found.type
    if not place.path:
        placed_type = without_length(target[place.column].type)
        if placed_type != found.type or found.type != plain:
            made = f"({made})::{placed_type}"
        if lens.default is None and target[place.column].not_null and not column.not_null:
            default = _steady(target[place.column].default)
            made, loses = (f"coalesce({made}, {default})", True) if default else (made, loses)
    if lens.default is not None:
        default = lens.default.sql if isinstance(lens.default, SqlDefault) else lit(str(lens.default))
        made, loses = f"coalesce({made}, ({default})::{placed_type})", True
    return Way(
        column.name,
        column.type,
        place,
        placed_type,
        made,
        _fitting(column, placed_type, found.back, is_valued=lens.values is not None),
        loses or lens.keep,
    )


def _fitting(
    column: Column, placed_type: str, back: Callable[[str], str], *, is_valued: bool
) -> Callable[[str], str]:
    """New code may write what the old type cannot hold: its old column is NULL then, and the row a loss; every other row is read as ever."""
    if column.type in NARROW and placed_type == "bigint":
        low, high = NARROW[column.type]
        return lambda at: f"case when {at} between {low} and {high} then {back(at)} end"
    if column.is_enum and not is_valued:
        words = f"enum_range(null::{column.type})::text[]"
        return lambda at: f"case when ({at})::text = any({words}) then {back(at)} end"
    return back


def _steady(default: str | None) -> str | None:
    """A default that is the same each time. A clock is not: what is folded twice would differ."""
    return None if default is None or "(" in default else default


WHOLE = "9.2e18"
"""What is beyond it, infinite or no number at all is no bigint: NULL there, and kept as it was."""


@dataclass(frozen=True)
class _Transformed:
    """A value after its lens: its type, the way back to the old type, and whether something may be lost."""

    value: str
    type: str
    back: Callable[[str], str]
    loses: bool


def _transformed(table: str, column: Column, lens: Lens, value: str) -> _Transformed:
    cast = f"::{column.type}"
    if lens.values is not None:
        return _valued(f"{table}.{column.name}", lens.values, lens, value, cast)
    if lens.zone is not None:
        zone = lit(lens.zone)
        return _Transformed(
            f"({value} at time zone {zone})",
            TIMED,
            lambda at: f"({at} at time zone {zone}){cast}",
            loses=True,
        )
    if lens.times is not None:
        return _Transformed(_parsed(lens.times, value), TIMED, _written_time(column.type), loses=True)
    if lens.scale is not None:
        scale = lens.scale
        return _Transformed(
            f"case when {value} * {scale} between -{WHOLE} and {WHOLE} then ({value} * {scale})::bigint end",
            "bigint",
            lambda at: f"(({at})::numeric / {scale}){cast}",
            loses=True,
        )
    if lens.json_text:
        parsed = f"{SCHEMA}.json_or_null({value}::text)"
        return _Transformed(parsed, "jsonb", lambda at: f"({at})::text{cast}", loses=True)
    if lens.sql is not None:
        there, home = lens.sql.fold.replace("{value}", value), lens.sql.unfold
        return _Transformed(there, "text", lambda at: f"({home.replace('{value}', at)}){cast}", lens.keep)
    if lens.to == "event_id" and column.type in ("bigint", "integer", "smallint"):
        there = f"{SCHEMA}.id_of_number({value})"
        return _Transformed(there, "uuid", lambda at: f"{SCHEMA}.number_of_id({at}){cast}", loses=False)
    return _Transformed(value, column.type, lambda at: f"({at}){cast}", loses=False)


def _valued(place: str, values: dict[str, str], lens: Lens, value: str, cast: str) -> _Transformed:
    home = {new: old for old, new in reversed(values.items())} | (lens.back or {})
    arms = " ".join(f"when {lit(new)} then {lit(old)}" for new, old in home.items())
    return _Transformed(
        _case(f"({value})::text", values, place),
        "text",
        lambda at: f"(case ({at})::text {arms} end){cast}",
        lens.keep,
    )


def _parsed(forms: list[TimeFormat], value: str) -> str:
    tried = "\n    ".join(
        f"when {value} ~ {lit(form.like)} then {SCHEMA}.time_or_null({value}, {lit(form.zone) if form.zone else 'null'})"
        for form in forms
    )
    return f"case {tried} end"


def _written_time(old_type: str) -> Callable[[str], str]:
    """A time that new code wrote, in the form that sorts with ISO texts."""
    return lambda at: f"to_char({at} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')::{old_type}"


def _case(value: str, homes: dict[str, str], place: str) -> str:
    arms = " ".join(f"when {lit(old)} then {lit(new)}" for old, new in homes.items())
    return f"case {value} {arms} else case when {value} is not null then {SCHEMA}.no_home({lit(place)}, {value})::text end end"


def leaf(way: Way) -> str:
    """The folded value as it stands under a JSON key."""
    return to_json(way.fold, way.placed_type)


def argument(way: Way) -> str:
    """The same, as a function that makes JSON takes it."""
    return json_argument(way.fold, way.placed_type)
