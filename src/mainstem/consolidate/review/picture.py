"""Pictures: what tables are like, in the same words whether code declares them or a database has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Name(NamedTuple):
    """A table's or a type's name. `schema` is empty where there are none (SQLite)."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


class Filling(StrEnum):
    """Who fills a column that an INSERT leaves out."""

    NOTHING = "nothing"
    DEFAULT = "default"
    NUMBERS = "generated numbers"
    """An identity, or the default that `serial` writes: the same to who inserts."""
    COMPUTED = "computed"
    SOMETHING = "something"
    """The code says that the database has a default, and not which."""


@dataclass(frozen=True, slots=True)
class Default:
    """What fills a column: `expression` is SQL, empty where the filling has none."""

    filling: Filling = Filling.NOTHING
    expression: str = ""

    def __str__(self) -> str:
        match self.filling:
            case Filling.COMPUTED:
                return f"computed: {self.expression}"
            case Filling.DEFAULT:
                return self.expression
            case Filling.NOTHING:
                return "none"
            case _:
                return self.filling.value


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` is as the database words it; as the code does where the database does not know it."""

    name: str
    type: str
    nullable: bool
    default: Default = Default()
    is_known: bool = True
    """Whether the database has a type of this name."""
    is_optional: bool = field(default=False, compare=False)
    """On the code's side: `info={"optional": True}` says that a database may do without it."""
    ddl: str = field(default="", compare=False)
    """On the code's side, here and below: how SQL declares it."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key; the name is the database's business."""

    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    deferrable: str = ""
    name: str = ""
    enforced: str = ""
    """What weakens it: `not valid`, `not enforced`."""
    ddl: str = field(default="", compare=False)

    @property
    def way(self) -> tuple[tuple[tuple[str, str], ...], Name]:
        """From which columns to which, in any order."""
        return tuple(sorted(zip(self.columns, self.target_columns, strict=True))), self.target

    def __str__(self) -> str:
        said = f"({', '.join(self.columns)}) → {self.target} ({', '.join(self.target_columns)})"
        actions = [
            f"on {event} {action.lower()}"
            for event, action in (("delete", self.on_delete), ("update", self.on_update))
            if action != "NO ACTION"
        ]
        return " ".join(filter(None, (said, *actions, self.deferrable.lower(), self.enforced)))


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns that no two rows share: by a constraint, or by an index that says the same."""

    columns: tuple[str, ...]
    nulls_distinct: bool = True
    name: str = ""
    deferrable: str = ""
    valid: bool = True
    ddl: str = field(default="", compare=False)

    def __str__(self) -> str:
        terms = (
            "" if self.nulls_distinct else "nulls not distinct",
            self.deferrable.lower(),
            "" if self.valid else "invalid",
        )
        return " ".join(filter(None, (f"({', '.join(self.columns)})", *terms)))


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK."""

    expression: str
    name: str = ""
    enforced: str = ""
    ddl: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.expression} {self.enforced}".strip()


@dataclass(frozen=True, slots=True)
class Element:
    """A column or an expression of an index, and in which order it stands."""

    expression: str
    order: str = ""
    """`desc`, `nulls first`, …: what is not the usual."""
    operators: str = ""
    """Its operator class; on the code's side empty for the type's usual one."""
    is_usual: bool = True
    """Whether that is the one which a type has without being asked."""
    is_column: bool = True

    def __str__(self) -> str:
        return " ".join(filter(None, (self.expression, "" if self.is_usual else self.operators, self.order)))


@dataclass(frozen=True, slots=True)
class Index:
    """An index that is more than a Unique."""

    elements: tuple[Element, ...]
    unique: bool = False
    where: str = ""
    method: str = "btree"
    include: tuple[str, ...] = ()
    nulls_distinct: bool = True
    name: str = ""
    valid: bool = True
    ddl: str = field(default="", compare=False)

    def __str__(self) -> str:
        return " ".join(
            filter(
                None,
                (
                    "unique" if self.unique else "",
                    "" if self.method == "btree" else self.method,
                    f"({', '.join(map(str, self.elements))})",
                    f"include ({', '.join(self.include)})" if self.include else "",
                    "" if self.nulls_distinct else "nulls not distinct",
                    f"where {self.where}" if self.where else "",
                    "" if self.valid else "invalid",
                ),
            )
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Lists are in the order of their makers."""

    name: Name
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    uniques: tuple[Unique, ...] = ()
    checks: tuple[Check, ...] = ()
    indexes: tuple[Index, ...] = ()
    exclusions: tuple[str, ...] = ()
    is_view: bool = False
    row_security: bool = False
    row_security_forced: bool = False
    ddl: str = field(default="", compare=False)
    rows: int | None = None
    """About how many, as the database's statistics have it; None where it has none."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Tables and enumerated types, by name. The labels of an enumerated type are in its order."""

    tables: Mapping[Name, Table] = field(default_factory=dict)
    enums: Mapping[Name, tuple[str, ...]] = field(default_factory=dict)
