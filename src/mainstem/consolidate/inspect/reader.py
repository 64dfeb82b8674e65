"""The reader: what an engine must say of itself, so that every scan is written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from psycopg.sql import SQL, Composable, Composed, Identifier

from mainstem.consolidate.inspect.facts import Dependant, Table
from mainstem.model import LARGEST_LOG, LONGEST_LOG

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far an inspection goes."""

    whole_rows: int = 500_000
    """Tables above are sampled, and their rows estimated."""
    sample_rows: int = 100_000
    """About how many rows of a sampled table are looked at."""
    statement_seconds: float = 30
    lock_seconds: float = 1
    texts: int = 20_000
    """How many texts of a column are read as JSON."""
    fold_rows: int = LONGEST_LOG
    fold_bytes: int = LARGEST_LOG
    examples: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the catalog says, before a row is read."""

    version: str
    database: str
    schema: str
    tables: tuple[Table, ...]
    dependants: tuple[Dependant, ...]
    schema_fingerprint: str


class Reader(Protocol):
    """One source. A column is written as `field` gives it: the row scanned is `c`, its parent `p`."""

    engine: str
    limits: Limits

    def survey(self) -> Survey:
        """Raises SourceUnreadable when there is nothing to inspect."""

    def counted(self, table: Table) -> Table:
        """The table with its rows counted or estimated, and what a scan will look at."""

    def rows(self, query: Composed) -> list[Row]:
        """Raises ScanAbandoned when it takes too long or is not allowed."""

    def relation(self, table: Table, alias: str = "c") -> Composable:
        """What a scan reads: the table, or its sample."""

    def whole(self, table: Table, alias: str) -> Composable:
        """All of the table: parents are never sampled."""

    def row_key(self, table: Table) -> Composable:
        """The key of row `c` as text; where the row is when it has no key."""

    def text(self, value: Composable) -> Composable: ...

    def size(self, value: Composable) -> Composable:
        """Bytes of the value as text."""

    def time_shape(self, value: Composable) -> Composable:
        """A time's text with each digit a 9 and any fraction .9; 'other' when it is none."""

    def id_shape(self, value: Composable) -> Composable:
        """uuid, integer, hex or text."""

    def seconds(self, start: Composable, end: Composable) -> Composable:
        """From one time to another, NULL where they cannot be compared."""

    def contains(self, value: Composable, part: str) -> Composable: ...

    def unstorable(self, value: Composable) -> Composable:
        """Whether a text is one that PostgreSQL cannot hold."""

    def storage(self, value: Composable) -> Composable:
        """The class a value is stored in, where one column may hold several."""

    def last_given(self, table: Table) -> dict[str, int]:
        """Column → the last value its sequence gave."""


def field(name: str, alias: str = "c") -> Composable:
    return Identifier(alias, name)


def joined(
    columns: tuple[str, ...], parent_columns: tuple[str, ...], text: Any = None, *, parent: str = "p"
) -> Composable:
    """The condition that `p` is the parent of `c`. text: compare by it, where the types may differ."""
    sides = [
        (field(mine), field(theirs, parent)) for mine, theirs in zip(columns, parent_columns, strict=True)
    ]
    if text is not None:
        sides = [(text(mine), text(theirs)) for mine, theirs in sides]
    return SQL(" and ").join(SQL("{} = {}").format(*pair) for pair in sides)
