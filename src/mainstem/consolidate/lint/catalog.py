"""Catalog: tables as far as they are known, from a migration's own CREATE TABLEs or from a live database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mainstem.consolidate.lint.statements import Statement
from mainstem.consolidate.lint.tokens import Kind, Span

NAME = r'(?:"[^"]+"|[^\W\d][\w$]*)(?:\.(?:"[^"]+"|[^\W\d][\w$]*))*'
"""A name in a statement's `plain`, with its schema or without."""

_PIECE = re.compile(r'"([^"]+)"|([^\W\d][\w$]*)')


@dataclass(frozen=True, slots=True)
class Name:
    """A table's name; the schema is None where none was said."""

    name: str
    schema: str | None = None

    @classmethod
    def of(cls, said: str) -> Name:
        pieces = [quoted or bare for quoted, bare in _PIECE.findall(said)]
        return cls(pieces[-1], pieces[-2] if len(pieces) > 1 else None)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def same(self, other: Name) -> bool:
        """Whether both may mean one table: a name without a schema means any, for nobody here knows the search path."""
        return self.name == other.name and (
            self.schema == other.schema or None in (self.schema, other.schema)
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` is lower case with its modifiers; `generated` is identity-always, identity, stored, virtual,
    sequence or empty.
    """

    name: str
    type: str
    nullable: bool = True
    generated: str = ""

    @property
    def kind(self) -> str:
        """The type without modifiers."""
        return re.sub(r"\s*\(.*?\)", "", self.type).strip()


@dataclass(frozen=True)
class Table:
    """What is known of a table. `keys` are its unique column sets, the primary one first."""

    name: Name
    columns: Mapping[str, Column]
    primary: tuple[str, ...] = ()
    keys: tuple[frozenset[str], ...] = ()
    references: tuple[tuple[tuple[str, ...], str], ...] = ()
    kind: str = "table"
    oddities: tuple[str, ...] = field(default=())

    def has_key_in(self, columns: set[str]) -> bool:
        return any(key <= columns for key in self.keys)

    def refers_by(self, column: str) -> bool:
        return any(columns == (column,) for columns, _ in self.references)


_CREATED = re.compile(
    rf"create ((?:global |local )?temp(?:orary)? |unlogged )?(foreign )?table (?:if not exists )?(?P<name>{NAME}) \("
)
_TYPE_ENDS = frozenset(
    [
        "primary",
        "not",
        "null",
        "unique",
        "default",
        "check",
        "references",
        "generated",
        "constraint",
        "collate",
        "as",
        "autoincrement",
        "on",
    ]
)
_CONSTRAINTS = frozenset(["primary", "unique", "foreign", "check", "constraint", "exclude", "like"])


def created_table(statement: Statement) -> Table | None:
    """The table that a CREATE TABLE with columns makes; None for any other statement."""
    made = _CREATED.match(statement.plain)
    if made is None:
        return None
    opening = statement.span.words().index("(")
    inside = statement.span.group(opening)
    parts = inside.parts()
    columns = {column.name: column for part in parts if (column := _column(part)) is not None}
    keys = [key for part in parts if (key := _key(part))]
    primary = next((key for key, is_primary in keys if is_primary), ())
    columns |= {name: replace(columns[name], nullable=False) for name in primary if name in columns}
    ordered = sorted(keys, key=lambda key: not key[1])
    return Table(
        Name.of(made["name"]),
        columns,
        primary,
        tuple(frozenset(key) for key, _ in ordered),
        tuple(reference for part in parts if (reference := _reference(part))),
        "foreign table" if made.group(2) else "table",
        tuple(_oddities(statement.plain, columns.values())),
    )


def _oddities(plain: str, columns: Iterable[Column]) -> Iterator[str]:
    yield from ["a foreign table"] if " foreign table " in plain else []
    yield from ["partitioned"] if " partition by " in plain else []
    yield from ["an inheritance child"] if " inherits ( " in plain else []
    yield from ["with large objects"] if any(column.type in ("oid", "lo") for column in columns) else []


def _column(part: Span) -> Column | None:
    words = part.words()
    if words[0] in _CONSTRAINTS and part[0].kind is Kind.WORD:
        return None
    end = next((at for at, word in enumerate(words[1:], 1) if word in _TYPE_ENDS), len(words))
    rest = " ".join(words[end:])
    type_ = (
        " ".join(words[1:end]).replace(" (", "(").replace("( ", "(").replace(" )", ")").replace(" , ", ",")
    )
    nullable = "not null" not in rest and "primary key" not in rest and "serial" not in type_
    return Column(part[0].value, type_, nullable, _generated(type_, rest))


def _generated(type_: str, rest: str) -> str:
    if "generated always as identity" in rest:
        return "identity-always"
    if "as identity" in rest:
        return "identity"
    if generated := re.search(r"(generated always )?as \( .* \) ?(stored|virtual)?", rest):
        return generated.group(2) or "virtual"
    is_counted = "serial" in type_ or "nextval" in rest or "autoincrement" in rest
    return "sequence" if is_counted else ""


def _key(part: Span) -> tuple[tuple[str, ...], bool] | None:
    plain = part.plain
    listed = re.match(
        r"(?:constraint \S+ )?(primary key|unique)(?: nulls not distinct)? \( (?P<names>[^()]*) \)", plain
    )
    if listed:
        names = tuple(Name.of(name).name for name in listed["names"].split(" , "))
        return names, listed.group(1) == "primary key"
    if part[0].kind is Kind.WORD and part[0].value in _CONSTRAINTS:
        return None
    if " primary key" in plain:
        return (part[0].value,), True
    return ((part[0].value,), False) if re.search(r" unique\b", plain) else None


def _reference(part: Span) -> tuple[tuple[str, ...], str] | None:
    plain = part.plain
    if listed := re.search(rf"foreign key \( ([^()]*) \) references ({NAME})", plain):
        return tuple(Name.of(name).name for name in listed.group(1).split(" , ")), Name.of(
            listed.group(2)
        ).name
    if (inline := re.search(rf" references ({NAME})", plain)) and part[0].value not in _CONSTRAINTS:
        return (part[0].value,), Name.of(inline.group(1)).name
    return None
