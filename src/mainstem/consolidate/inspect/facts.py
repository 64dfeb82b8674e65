"""Facts about a source: tables, what they seem to be, what depends on them, and what is odd in their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import TypeAdapter


class Family(StrEnum):
    """What a column's values are, whatever the engine calls the type."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    JSON = "json"
    TIME = "time"
    NAIVE_TIME = "naive time"
    DATE = "date"
    UUID = "uuid"
    BOOLEAN = "boolean"
    BYTES = "bytes"
    OTHER = "other"


class Role(StrEnum):
    """What a table seems to hold."""

    RUN = "run"
    STEP = "step"
    EVENT = "event"
    CONTEXT = "context"
    SCREENSHOT = "screenshot"
    CONFIG = "config"
    WORKFLOW = "workflow"
    NODE = "node"
    TRANSITION = "transition"
    ORGANIZATION = "organization"
    USER = "user"
    BOOKKEEPING = "bookkeeping"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, as its engine declares it."""

    name: str
    type: str
    family: Family
    nullable: bool = True
    default: str | None = None
    is_generated: bool = False
    labels: tuple[str, ...] = ()
    """Of an enum, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A primary or unique key; `name` is the constraint's or the index's."""

    name: str
    columns: tuple[str, ...]
    is_primary: bool = False
    is_folded: bool = False
    """Whether it compares without regard to case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """From the columns of a table to those of its parent: a foreign key, or only names that say so."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    parent_schema: str = ""
    """Empty: the same schema."""
    is_declared: bool = True
    on_delete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a table seems to be, how strongly, and why."""

    role: Role
    score: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """How much of a child table would go into one row of its parent."""

    parent: str
    column: str
    parents: int
    p99_rows: int
    most_rows: int
    p99_bytes: int
    most_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `sampled` says which of its rows were looked at; empty: all."""

    name: str
    kind: str = "table"
    columns: tuple[Column, ...] = ()
    keys: tuple[Key, ...] = ()
    links: tuple[Link, ...] = ()
    rows: int = 0
    is_rows_exact: bool = True
    bytes: int = 0
    sampled: str = ""
    guess: Guess = Guess(role=Role.OTHER, score=0)
    values: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of columns with few values that decide something (statuses, channels, types): value → rows."""
    times: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of text columns that hold times: format → rows."""
    folds: tuple[Fold, ...] = ()
    nulls: dict[str, int] = field(default_factory=dict)
    """Columns that are NULL in some of the rows that were looked at → in how many."""

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Empty when there is none."""
        return next((key.columns for key in self.keys if key.is_primary), ())

    @property
    def role(self) -> Role:
        return self.guess.role

    @property
    def is_elsewhere(self) -> bool:
        """Whether its rows are not in this database: nothing is asked of them."""
        return self.kind in ("foreign table", "virtual table")

    def column(self, name: str) -> Column:
        """Raises KeyError for a name that is none of its columns."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependant:
    """What hangs on a table, and would be lost, left behind or broken when the table goes or is renamed."""

    table: str
    kind: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Something in the live data that a move cannot pass over. `kind` is one of `mainstem.consolidate.inspect.kinds`."""

    kind: str
    table: str
    column: str = ""
    rows: int = 0
    examples: tuple[str, ...] = ()
    """At most five keys, or values where a key would not tell."""
    means: str = ""
    decision: str = ""
    counted: dict[str, int] = field(default_factory=dict)
    """What was found, and in how many rows."""
    is_sampled: bool = False
    """Whether `rows` counts only those that were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that was found. `notes` says what was not looked at, and why."""

    format: int = 1
    engine: str
    version: str
    database: str
    schema: str
    taken_at: datetime
    schema_fingerprint: str
    tables: tuple[Table, ...] = ()
    dependants: tuple[Dependant, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    notes: tuple[str, ...] = ()

    def table(self, name: str) -> Table:
        """Raises KeyError for a name that is none of its tables."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    def of_role(self, *roles: Role) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.role in roles)

    def odd(self, kind: str, table: str = "", column: str = "") -> tuple[Oddity, ...]:
        """Those of a kind; of one table or column when named."""
        return tuple(
            oddity
            for oddity in self.oddities
            if oddity.kind == kind and table in ("", oddity.table) and column in ("", oddity.column)
        )

    def to_json(self) -> str:
        """One line. The same facts always give the same text."""
        return _FORM.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote. Raises pydantic's ValidationError for anything else."""
        found: Self = _FORM.validate_json(text)  # type: ignore[assignment]
        return found


_FORM = TypeAdapter(Inspection)


def fingerprint(facts: Iterable[tuple[object, ...]]) -> str:
    """One digest of catalog facts, whatever their order: when it changes, somebody changed the old schema."""
    digest = hashlib.sha256()
    for line in sorted(repr(fact) for fact in facts):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
