"""What the columns of a SQLite table hold, whatever they were declared as, and the type that takes all of it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from mainstem.consolidate.sources.sqlite.opening import name
from mainstem.consolidate.sources.sqlite.tables import Column, Table
from mainstem.errors import LandingOutgrown, SourceUnlandable

LandedType = Literal["text", "bigint", "double precision", "numeric", "bytea", "boolean"]

TYPES: tuple[LandedType, ...] = get_args(LandedType)

CLASSES = ("integer", "real", "text", "blob")
"""SQLite's storage classes, NULL apart."""

TAKES: Mapping[LandedType, frozenset[str]] = {
    "text": frozenset(CLASSES),
    "numeric": frozenset({"integer", "real"}),
    "bigint": frozenset({"integer"}),
    "double precision": frozenset({"real"}),
    "bytea": frozenset({"blob"}),
    "boolean": frozenset({"integer"}),
}
"""Which storage classes a landed column takes without a change of value."""

_A_TIME = re.compile("date|time", re.IGNORECASE)
"""Declared so, SQLite gives it numeric affinity, and applications write ISO texts."""

AT_ONCE = 200
"""Columns counted in one scan, as a result has at most 2,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How many rows hold what in one column, by typeof()."""

    column: Column
    null: int
    integer: int
    real: int
    text: int
    blob: int

    @property
    def classes(self) -> frozenset[str]:
        """The storage classes that occur."""
        return frozenset(said for said in CLASSES if getattr(self, said))

    @property
    def type(self) -> LandedType:
        """The narrowest landed type that takes what is there, and what its affinity will let in next."""
        if not self.classes:
            is_text = not self.column.declared or _A_TIME.search(self.column.declared)
            return "text" if is_text else _BY_AFFINITY[self.column.affinity]
        if self.classes == {"real"} and self.column.affinity in {"integer", "numeric"}:
            return "numeric"  # 12.0 is stored as the integer 12 there
        return next((type_ for type_ in _NARROWEST if self.classes <= TAKES[type_]), "text")

    @property
    def is_mixed(self) -> bool:
        """Whether numbers, texts and blobs stand in it side by side."""
        return self.type == "text" and len(self.classes) > 1


_BY_AFFINITY: Mapping[str, LandedType] = {
    "integer": "bigint",
    "real": "double precision",
    "text": "text",
    "blob": "bytea",
    "numeric": "numeric",
}

_NARROWEST: tuple[LandedType, ...] = ("bigint", "double precision", "numeric", "bytea")


def holdings(conn: sqlite3.Connection, table: Table) -> list[Holding]:
    """One for each column, in their order."""
    found: list[Holding] = []
    for start in range(0, len(table.columns), AT_ONCE):
        some = table.columns[start : start + AT_ONCE]
        counts = [
            f"count(*) filter (where typeof({name(column.name)}) = '{said}')"
            for column in some
            for said in ("null", *CLASSES)
        ]
        row = conn.execute(f"select {', '.join(counts)} from {name(table.name)}").fetchone()
        for position, column in enumerate(some):
            null, integer, real, text, blob = row[5 * position : 5 * position + 5]
            found.append(Holding(column=column, null=null, integer=integer, real=real, text=text, blob=blob))
    return found


def types_of(
    table: Table,
    found: list[Holding],
    *,
    told: Mapping[str, LandedType],
    before: Mapping[str, LandedType],
) -> dict[str, LandedType]:
    """Each column's landed type.

    told: what somebody decided. before: what the columns were landed as; it stays where it takes what is there now, so
    that what was built on the landed table stands.
    """
    if strange := sorted(set(told) - {holding.column.name for holding in found}):
        raise SourceUnlandable(f"{table.name} has no column {strange[0]!r} to give a type to")
    return {holding.column.name: _type(table, holding, told, before) for holding in found}


def _type(
    table: Table, holding: Holding, told: Mapping[str, LandedType], before: Mapping[str, LandedType]
) -> LandedType:
    column = holding.column.name
    wanted = told.get(column)
    if wanted is None:
        landed = before.get(column)
        return landed if landed and holding.classes <= TAKES[landed] else holding.type
    if wanted not in TYPES:
        raise SourceUnlandable(
            f"{table.name}.{column}: {wanted!r} is no type to land as", hint=", ".join(TYPES)
        )
    if refused := sorted(holding.classes - TAKES[wanted]):
        raise LandingOutgrown(
            f"{table.name}.{column} cannot be landed as {wanted}: {getattr(holding, refused[0])} rows hold {refused[0]}",
            hint=f"land it as {holding.type}",
        )
    return wanted
