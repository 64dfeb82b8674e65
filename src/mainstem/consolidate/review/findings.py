"""Findings: in what a database is not as the code declares it, and what a review could not see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mainstem.consolidate.review.picture import Name


class Level(StrEnum):
    """What a finding means for the code that runs on the database."""

    MISSING = "missing"
    DIFFERS = "differs"
    UNUSED = "unused"
    """Only the database knows it: the code does not need it, and nobody drops it for that."""


class Kind(StrEnum):
    """What can be found. A test has for each a case that fires and a near miss."""

    TABLE_MISSING = "table missing"
    TABLE_UNUSED = "table unused"
    COLUMN_MISSING = "column missing"
    COLUMN_UNUSED = "column unused"
    COLUMN_UNFILLED = "column unfilled"
    TYPE_DIFFERS = "type differs"
    NULLABILITY_DIFFERS = "nullability differs"
    DEFAULT_MISSING = "default missing"
    DEFAULT_DIFFERS = "default differs"
    DEFAULT_UNUSED = "default unused"
    PRIMARY_KEY_MISSING = "primary key missing"
    PRIMARY_KEY_DIFFERS = "primary key differs"
    FOREIGN_KEY_MISSING = "foreign key missing"
    FOREIGN_KEY_DIFFERS = "foreign key differs"
    FOREIGN_KEY_UNUSED = "foreign key unused"
    UNIQUE_MISSING = "unique missing"
    UNIQUE_DIFFERS = "unique differs"
    UNIQUE_UNUSED = "unique unused"
    CHECK_MISSING = "check missing"
    CHECK_DIFFERS = "check differs"
    CHECK_UNUSED = "check unused"
    INDEX_MISSING = "index missing"
    INDEX_DIFFERS = "index differs"
    INDEX_UNUSED = "index unused"
    ENUM_MISSING = "enum missing"
    ENUM_DIFFERS = "enum differs"
    ROW_SECURITY_MISSING = "row security missing"
    ROW_SECURITY_UNFORCED = "row security unforced"

    @property
    def level(self) -> Level:
        match self.value.rpartition(" ")[2]:
            case "missing":
                return Level.MISSING
            case "unused":
                return Level.UNUSED
            case _:
                return Level.DIFFERS


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `expected` is the code's, `found` the database's; `remedy` is one statement, or empty."""

    kind: Kind
    table: Name
    part: str = ""
    """The column, constraint or index, where it is not the table itself."""
    expected: str = ""
    found: str = ""
    remedy: str = ""

    @property
    def object(self) -> str:
        """The table, with the part in it."""
        return f"{self.table}.{self.part}" if self.part else str(self.table)


@dataclass(frozen=True, slots=True)
class Unseen:
    """What the review cannot tell, and why."""

    object: str
    why: str


@dataclass(frozen=True, slots=True)
class Known:
    """A table that the code and the database both have."""

    table: Name
    rows: int | None


@dataclass(frozen=True, slots=True)
class Review:
    """All that was found, by table."""

    declared: str
    database: str
    known: tuple[Known, ...]
    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    tenant_column: str = ""
    """Whose tables had to have row level security; empty: nobody asked."""

    @property
    def is_sound(self) -> bool:
        """Nothing is missing, nothing differs. What is unused does not count."""
        return all(finding.kind.level is Level.UNUSED for finding in self.findings)
