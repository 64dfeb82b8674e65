"""The comparison: two pictures, and in what the database's is not the code's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from mainstem.consolidate.review.declared import Words
from mainstem.consolidate.review.findings import Finding, Kind, Unseen
from mainstem.consolidate.review.pair import Pair, columns
from mainstem.consolidate.review.picture import Name, Picture, Table
from mainstem.consolidate.review.remedies import Remedies
from mainstem.consolidate.review.rules import rules

VERSION_TABLE = "alembic_version"
"""Alembic's own: no model has it, and it is in use."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two pictures, and who knows what is the same."""

    declared: Picture
    found: Picture
    words: Words
    remedies: Remedies

    def compared(self, tenant_column: str = "") -> Iterator[Finding | Unseen]:
        """Everything, in an order in which the remedies can be run.

        tenant_column: a table that has it must have row level security, forced; empty: none need.
        """
        yield from self._enums()
        for name, table in self.declared.tables.items():
            there = self.found.tables.get(name)
            yield from self._missing(table) if there is None else self._both(table, there)
        for table in self.found.tables.values():
            yield from self._row_security(table, tenant_column)
        yield from self._unused()

    def _both(self, table: Table, there: Table) -> Iterator[Finding | Unseen]:
        pair = Pair(table, there, self.words, self.remedies)
        return chain(columns(pair), rules(pair))

    def _missing(self, table: Table) -> Iterator[Finding]:
        """With its indexes, which CREATE TABLE does not make."""
        remedy = self.remedies.create(table.ddl)
        yield Finding(Kind.TABLE_MISSING, table.name, "", _columns(table), remedy=remedy)
        for kind, made in ((Kind.UNIQUE_MISSING, table.uniques), (Kind.INDEX_MISSING, table.indexes)):
            for rule in made:
                if rule.ddl.upper().startswith("CREATE "):
                    yield Finding(
                        kind, table.name, rule.name, str(rule), remedy=self.remedies.create(rule.ddl)
                    )

    def _unused(self) -> Iterator[Finding]:
        for name, table in self.found.tables.items():
            if name not in self.declared.tables and not table.is_view and name.name != VERSION_TABLE:
                yield Finding(Kind.TABLE_UNUSED, name, found=_columns(table))

    def _row_security(self, table: Table, tenant_column: str) -> Iterator[Finding]:
        if table.is_view or tenant_column not in table.columns:
            return
        if not table.row_security:
            remedy = self.remedies.alter(table.name, "ENABLE ROW LEVEL SECURITY")
            yield Finding(Kind.ROW_SECURITY_MISSING, table.name, "", "enabled", "disabled", remedy)
        if not table.row_security_forced:
            remedy = self.remedies.alter(table.name, "FORCE ROW LEVEL SECURITY")
            yield Finding(Kind.ROW_SECURITY_UNFORCED, table.name, "", "forced", "not forced", remedy)

    def _enums(self) -> Iterator[Finding]:
        for name, labels in self.declared.enums.items():
            there = [found for known, found in self.found.enums.items() if _is_meant(name, known)]
            if not there:
                yield Finding(
                    Kind.ENUM_MISSING, name, "", ", ".join(labels), remedy=self._create_enum(name, labels)
                )
            elif set(labels) not in map(set, there):
                yield Finding(
                    Kind.ENUM_DIFFERS, name, "", ", ".join(labels), ", ".join(there[0]),
                    self._add_label(name, labels, there[0]),
                )  # fmt: skip

    def _create_enum(self, name: Name, labels: tuple[str, ...]) -> str:
        return f"CREATE TYPE {self.remedies.table(name)} AS ENUM ({', '.join(map(_literal, labels))});"

    def _add_label(self, name: Name, labels: tuple[str, ...], there: tuple[str, ...]) -> str:
        """One is added by one statement; more, or one too many, is not one statement's work."""
        new = [label for label in labels if label not in there]
        if len(new) != 1 or set(there) - set(labels):
            return ""
        return f"ALTER TYPE {self.remedies.table(name)} ADD VALUE {_literal(new[0])};"


def _columns(table: Table) -> str:
    return ", ".join(table.columns)


def _is_meant(name: Name, known: Name) -> bool:
    return name.name == known.name and name.schema in ("", known.schema)


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
