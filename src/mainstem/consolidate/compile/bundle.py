"""Columns that go apart, or together: one old column with several places, and several with one.

What does not come back exactly from its places (a missing separator where NULL was, a number with another spelling) is kept as an original
of all of them together, and given back while each place still holds what it became.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mainstem.consolidate.compile.catalog import Column
from mainstem.consolidate.compile.lens import SCHEMA, Place, Way, compile_lens
from mainstem.consolidate.compile.text import json_path, lit, q, without_length
from mainstem.consolidate.mapping import Joined, Lens, Split

TEXTS = ("text", "character varying", "character")
_TIMED = {"timestamp with time zone": " at time zone 'UTC'", "timestamp without time zone": ""}


@dataclass(frozen=True)
class Bundle:
    """Old columns and their pieces, which come back together."""

    name: str
    """Of its original."""
    columns: list[Column]
    pieces: list[Way]
    back: Callable[[list[str]], list[str]]
    """From the values of all pieces to those of all columns."""

    @property
    def placed(self) -> list[Way]:
        """Pieces that have a place in the row itself."""
        return [piece for piece in self.pieces if piece.place.column]

    def unfold(self, row: str) -> dict[str, str]:
        """Old column to its expression over a row of the target."""
        values = [piece.value_in(row) for piece in self.pieces]
        kept = f"{row}.metadata #> {json_path('originals', self.name)}"
        same = " and ".join(
            piece.is_still(value, f"{row}.metadata #>> {json_path('originals', self.name, 'as', str(n))}")
            for n, (piece, value) in enumerate(zip(self.pieces, values, strict=True))
        )
        was = f"{row}.metadata #>> {{}}"
        return {
            column.name: f"case when {kept} is not null and {same}\n         then"
            f" ({was.format(json_path('originals', self.name, 'was', str(n)))})::{column.type} else {back} end"
            for n, (column, back) in enumerate(zip(self.columns, self.back(values), strict=True))
        }

    def unfitting(self, row: str) -> str:
        """The condition that the old columns cannot hold what new code wrote: folded again it would be another."""
        unfolded = ", ".join(f"{value} as {q(name)}" for name, value in self.unfold(row).items())
        differs = " or ".join(
            f"({piece.value_in(row)} is not null and {piece.value_in(row)} is distinct from {piece.fold.replace('{row}', 'u')})"
            for piece in self.placed
        )
        return f"(select {differs} from (select {unfolded} offset 0) u)"

    def original(self, placed: list[str]) -> str:
        """What is kept beside them, given the values as they are placed: NULL when all come back by themselves."""
        names = [f"x.v{n}" for n in range(len(placed))]
        olds = [f"({{row}}.{q(column.name)})::text" for column in self.columns]
        differs = " or ".join(
            f"({back})::text is distinct from {old}" for back, old in zip(self.back(names), olds, strict=True)
        )
        marks = ", ".join(piece.mark(name) for piece, name in zip(self.pieces, names, strict=True))
        values = ", ".join(f"{value} as v{n}" for n, value in enumerate(placed))
        kept = f"jsonb_build_object('was', jsonb_build_array({', '.join(olds)}), 'as', jsonb_build_array({marks}))"
        return f"(select case when {differs} then {kept} end from (select {values} offset 0) x)"


def compile_split(table: str, column: Column, said: Split, target: dict[str, Column]) -> Bundle:
    """Its text up to each separator; the last piece has whatever is left, separators and all."""
    text = as_text(f"{{row}}.{q(column.name)}", column.type)
    pieces = [
        compile_piece(table, f"{column.name}/{n}", lens, target, part)
        for n, (lens, part) in enumerate(zip(said.to, parts(text, said.by, len(said.to)), strict=True))
    ]
    columns = [column]
    return Bundle(column.name, columns, pieces, lambda values: [_whole(pieces, values, said.by, column.type)])


def _whole(pieces: list[Way], values: list[str], by: str, old_type: str) -> str:
    texts = [as_text(piece.back(value), piece.type) for piece, value in zip(pieces, values, strict=True)]
    return typed(together(texts, by), old_type)


def compile_joined(table: str, columns: list[Column], said: Joined, target: dict[str, Column]) -> Bundle:
    """The texts of its columns, those that are not NULL, with a separator between them."""
    text = together([as_text(f"{{row}}.{q(one.name)}", one.type) for one in columns], said.by)
    name = "+".join(one.name for one in columns)
    lens = Lens.model_validate(said.model_dump(by_alias=True, exclude={"columns", "by"}))
    piece = compile_piece(table, name, lens, target, text)

    def back(values: list[str]) -> list[str]:
        whole = as_text(piece.back(values[0]), piece.type)
        if piece.type in _TIMED:
            whole = f"replace({whole}, ' ', {lit(said.by)})"
        found = parts(whole, said.by, len(columns))
        return [typed(part, one.type) for part, one in zip(found, columns, strict=True)]

    return Bundle(name, columns, [piece], back)


def compile_piece(table: str, name: str, lens: Lens, target: dict[str, Column], text: str) -> Way:
    """The way of a text that is no column: what its place cannot hold becomes NULL, and is kept in the original of the whole."""
    place = Place.of(lens.to)
    kind = "text"
    if lens.zone is not None:
        kind = "timestamp without time zone"
    elif lens.scale is not None:
        kind = "numeric"
    elif (
        not place.path
        and lens.values is None
        and lens.times is None
        and lens.sql is None
        and not lens.json_text
    ):
        kind = without_length(target[place.column].type)
    way = compile_lens(table, Column(name, kind, not_null=False), lens, target, value=typed(text, kind))
    if lens.scale is not None:  # a quotient has sixteen places, and nobody writes them
        return replace(way, loses=False, back=lambda at: f"trim_scale({way.back(at)})")
    return replace(way, loses=False)


def as_text(value: str, type_name: str) -> str:
    """A value's text, whatever the session says of dates."""
    if type_name in _TIMED:
        written = f"to_char({value}{_TIMED[type_name]}, 'YYYY-MM-DD HH24:MI:SS.US')"
        return f"regexp_replace({written}, '\\.0+$', '')"
    return value if type_name == "text" else f"({value})::text"


def typed(text: str, type_name: str) -> str:
    """The way back of `as_text`; NULL for a text that the type does not know."""
    if without_length(type_name) in TEXTS or type_name == "text":
        return f"({text})::{type_name}"
    return f"{SCHEMA}.typed_or_null({text}, null::{type_name})"


def together(texts: list[str], by: str) -> str:
    """NULL when all are."""
    some = f"num_nonnulls({', '.join(f'x.t{n}' for n in range(len(texts)))}) > 0"
    array = f"array[{', '.join(f'x.t{n}' for n in range(len(texts)))}]"
    values = ", ".join(f"{text} as t{n}" for n, text in enumerate(texts))
    return f"(select case when {some} then array_to_string({array}, {lit(by)}) end from (select {values} offset 0) x)"


def parts(text: str, by: str, count: int) -> list[str]:
    """So many pieces of a text: NULL where it has fewer, the last with all that is left."""
    found = f"string_to_array({text}, {lit(by)})"
    first = [f"({found})[{n}]" for n in range(2, count)]
    rest = (
        f"case when cardinality({found}) >= {count} then array_to_string(({found})[{count}:], {lit(by)}) end"
    )
    return [f"split_part({text}, {lit(by)}, 1)", *first, rest]
