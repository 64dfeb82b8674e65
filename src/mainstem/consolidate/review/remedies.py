"""Remedies: the one statement that puts a difference right, where one does and nothing can be lost by it."""

from __future__ import annotations

import re

from sqlalchemy.engine import Dialect

from mainstem.consolidate.review.picture import Column, Default, Filling, Name

_WIDER = {
    "smallint": ("integer", "bigint", "numeric", "text"),
    "integer": ("bigint", "numeric", "text"),
    "bigint": ("numeric", "text"),
    "real": ("double precision",),
    "character varying": ("text",),
    "text": ("character varying",),
    "uuid": ("text",),
}
"""Types into which every value of a type goes unchanged, without a conversion that somebody must decide on."""
_LIMITED = re.compile(r"character varying\((\d+)\)")


class Remedies:
    """Statements in a dialect; empty where there is none. SQLite alters no column and no constraint."""

    def __init__(self, dialect: Dialect) -> None:
        self.alters = dialect.name == "postgresql"
        self.quote = dialect.identifier_preparer.quote

    def table(self, name: Name) -> str:
        return ".".join(self.quote(part) for part in name if part)

    def alter(self, table: Name, action: str) -> str:
        return f"ALTER TABLE {self.table(table)} {action};" if self.alters and action else ""

    def create(self, ddl: str) -> str:
        return f"{ddl};" if ddl else ""

    def add_column(self, table: Name, column: Column) -> str:
        """A column that must be filled and has no default needs values first: that is no one statement."""
        if not column.ddl or (not column.nullable and column.default.filling is Filling.NOTHING):
            return ""
        return f"ALTER TABLE {self.table(table)} ADD COLUMN {column.ddl};"

    def retype(self, table: Name, column: Column, now: str) -> str:
        """Without USING: an explicit cast would cut and round in silence."""
        if not widens(now, column.type):
            return ""
        return self.alter(table, f"ALTER COLUMN {self.quote(column.name)} TYPE {column.type}")

    def nullability(self, table: Name, column: Column) -> str:
        verb = "DROP" if column.nullable else "SET"
        return self.alter(table, f"ALTER COLUMN {self.quote(column.name)} {verb} NOT NULL")

    def default(self, table: Name, column: str, default: Default) -> str:
        if default.filling is not Filling.DEFAULT:
            return ""
        return self.alter(table, f"ALTER COLUMN {self.quote(column)} SET DEFAULT {default.expression}")

    def add(self, table: Name, ddl: str) -> str:
        """A constraint, or an index that stands for one."""
        if ddl.upper().startswith("CREATE "):
            return self.create(ddl)
        return self.alter(table, ddl and f"ADD {ddl}")

    def replace(self, table: Name, name: str, ddl: str) -> str:
        if not name or not ddl or ddl.upper().startswith("CREATE "):
            return ""
        return self.alter(table, f"DROP CONSTRAINT {self.quote(name)}, ADD {ddl}")

    def rebuild(self, table: Name, index: str) -> str:
        return f"REINDEX INDEX CONCURRENTLY {self.table(table._replace(name=index))};"

    def validate(self, table: Name, name: str) -> str:
        return self.alter(table, f"VALIDATE CONSTRAINT {self.quote(name)}")


def widens(now: str, then: str) -> bool:
    """Whether every value of the one type is, unchanged, one of the other."""
    before, after = _LIMITED.fullmatch(now), _LIMITED.fullmatch(then)
    if before and after:
        return int(before.group(1)) <= int(after.group(1))
    plain = "character varying" if before else now
    return then in _WIDER.get(plain, ()) or (before is not None and then == plain)
