"""A pair: one table as the code declares it and as the database has it, and what their columns differ in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mainstem.consolidate.review.declared import Words
from mainstem.consolidate.review.findings import Finding, Kind, Unseen
from mainstem.consolidate.review.picture import Column, Default, Filling, Name, Table
from mainstem.consolidate.review.remedies import Remedies
from mainstem.errors import ExpressionRefused

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Pair:
    """One table on both sides."""

    declared: Table
    found: Table
    words: Words
    remedies: Remedies

    @property
    def name(self) -> Name:
        return self.found.name

    def same(self, ours: str, theirs: str, cast: str = "") -> bool:
        """Whether two expressions over the table say the same. Raises ExpressionRefused when nobody can tell."""
        if _SPACE.sub("", ours) == _SPACE.sub("", theirs):
            return True
        if not ours or not theirs:
            return False
        wording = self.words.expression(ours, self.found, cast)
        return wording == self.words.expression(theirs, self.found, cast)


def columns(pair: Pair) -> Iterator[Finding | Unseen]:
    """What the columns differ in. Of a view only their names and types are looked at."""
    for name, column in pair.declared.columns.items():
        if (there := pair.found.columns.get(name)) is None:
            if not column.is_optional:
                yield _missing(pair, column)
            continue
        yield from _type(pair, column, there)
        if not pair.found.is_view:
            yield from _nullability(pair, column, there)
            yield from _default(pair, column, there)
    for name, column in pair.found.columns.items():
        if name not in pair.declared.columns:
            yield _unused(pair, column)


def _missing(pair: Pair, column: Column) -> Finding:
    remedy = "" if pair.found.is_view else pair.remedies.add_column(pair.name, column)
    return Finding(Kind.COLUMN_MISSING, pair.name, column.name, _described(column), remedy=remedy)


def _unused(pair: Pair, column: Column) -> Finding:
    """An INSERT of the code leaves it out: that must go."""
    is_needed = not column.nullable and column.default.filling is Filling.NOTHING
    kind = Kind.COLUMN_UNFILLED if is_needed and not pair.found.is_view else Kind.COLUMN_UNUSED
    return Finding(kind, pair.name, column.name, found=_described(column))


def _described(column: Column) -> str:
    default = column.default
    return " ".join(
        filter(
            None,
            (
                column.type,
                "" if column.nullable else "not null",
                "" if default.filling is Filling.NOTHING else f"default {default}",
            ),
        )
    )


def _type(pair: Pair, ours: Column, theirs: Column) -> Iterator[Finding]:
    if pair.words.same_type(ours.type, theirs.type):
        return
    if not ours.is_known and _bare(ours.type) == _bare(theirs.type):
        return  # an extension's type, in a schema of its own
    remedy = "" if pair.found.is_view else pair.remedies.retype(pair.name, ours, theirs.type)
    yield Finding(Kind.TYPE_DIFFERS, pair.name, ours.name, ours.type, theirs.type, remedy)


def _bare(type_: str) -> str:
    head, bracket, rest = type_.partition("(")
    return f"{head.rpartition('.')[2]}{bracket}{rest}".replace('"', "").replace(" ", "").casefold()


def _nullability(pair: Pair, ours: Column, theirs: Column) -> Iterator[Finding]:
    if ours.nullable != theirs.nullable and ours.name not in pair.declared.primary_key:
        said = {True: "null", False: "not null"}
        remedy = pair.remedies.nullability(pair.name, ours)
        yield Finding(
            Kind.NULLABILITY_DIFFERS,
            pair.name,
            ours.name,
            said[ours.nullable],
            said[theirs.nullable],
            remedy,
        )


def _default(pair: Pair, ours: Column, theirs: Column) -> Iterator[Finding | Unseen]:
    try:
        kind = _default_kind(pair, ours.default, theirs)
    except ExpressionRefused as refused:
        yield Unseen(f"{pair.name}.{ours.name}", f"its default: {refused.message}")
        return
    if kind is not None:
        remedy = (
            "" if kind is Kind.DEFAULT_UNUSED else pair.remedies.default(pair.name, ours.name, ours.default)
        )
        yield Finding(kind, pair.name, ours.name, str(ours.default), str(theirs.default), remedy)


def _default_kind(pair: Pair, ours: Default, there: Column) -> Kind | None:
    """None when both fill the column alike."""
    theirs = there.default
    match ours.filling, theirs.filling:
        case (Filling.NOTHING, Filling.NOTHING) | (Filling.NUMBERS, Filling.NUMBERS):
            return None
        case Filling.NOTHING, Filling.COMPUTED:
            return Kind.DEFAULT_DIFFERS  # what the code writes there is refused
        case Filling.NOTHING, _:
            return Kind.DEFAULT_UNUSED
        case _, Filling.NOTHING:
            return Kind.DEFAULT_MISSING
        case Filling.SOMETHING, _:
            return None
        case one, other if one is not other:
            return Kind.DEFAULT_DIFFERS
    return None if pair.same(ours.expression, theirs.expression, there.type) else Kind.DEFAULT_DIFFERS
