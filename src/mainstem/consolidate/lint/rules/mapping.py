"""Mappings: the hazards of rows and values, asked of a mapping in place of a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mainstem.consolidate.lint.expressions import calls
from mainstem.consolidate.lint.findings import Hit, Severity, Sight, asks
from mainstem.consolidate.lint.rules.rows import D02
from mainstem.consolidate.lint.rules.values import D03, D06, D07, D11, D12, LIST_AGGREGATES, VOLATILE
from mainstem.consolidate.lint.statements import split


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What the lint needs to know of one old table in a mapping.

    values: old column → the value map of its lens. kept: the columns whose originals are kept beside. present: the values
    that occur, with their rows, where the live data was asked. sql: the texts of custom lenses by column. elements:
    whether each row becomes an element of a list; carried are then the columns that its elements have.
    """

    name: str
    columns: tuple[str, ...]
    mentioned: frozenset[str]
    dropped: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    present: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sql: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    elements: bool = False
    order: tuple[str, ...] = ()
    carried: frozenset[str] = frozenset()
    tenant_from: str = "copy"


@dataclass(frozen=True)
class MappingFacts:
    """A mapping as the lint sees it."""

    name: str
    tables: tuple[TableFacts, ...]


@asks(D02, Sight.MAPPING)
def unmentioned(mapping: MappingFacts) -> Iterator[Hit]:
    for table in mapping.tables:
        missing = [
            name for name in table.columns if name not in table.mentioned and name not in table.dropped
        ]
        silent = [name for name, reason in table.dropped.items() if not reason.strip()]
        if missing:
            yield Hit(
                f"{table.name}: nobody mentions {', '.join(missing)}",
                object=table.name,
                severity=Severity.ERROR,
            )
        if silent:
            yield Hit(
                f"{table.name}: {', '.join(silent)} dropped without a reason",
                object=table.name,
                severity=Severity.ERROR,
            )


@asks(D03, Sight.MAPPING)
def collapsing(mapping: MappingFacts) -> Iterator[Hit]:
    for table in mapping.tables:
        for column, values in table.values.items():
            where, present = f"{table.name}.{column}", table.present.get(column, {})
            shared = [to for to, times in Counter(values.values()).items() if times > 1]
            for to in shared if column not in table.kept else ():
                from_ = [old for old, new in values.items() if new == to]
                rows = sum(present.get(old, 0) for old in from_) if present else None
                yield Hit(
                    f"{where}: {', '.join(from_)} all become {to}, and the original is not kept",
                    object=where,
                    rows=rows,
                    severity=Severity.ERROR,
                )
            unknown = {value: rows for value, rows in present.items() if value not in values}
            if unknown:
                yield Hit(
                    f"{where}: {', '.join(unknown)} occur and are not mapped",
                    object=where,
                    rows=sum(unknown.values()),
                    severity=Severity.ERROR,
                )


@asks(D06, Sight.MAPPING)
def unordered(mapping: MappingFacts) -> Iterator[Hit]:
    for table in mapping.tables:
        if table.elements and not set(table.keys) <= set(table.order):
            told = ", ".join(table.order) or "nothing"
            yield Hit(
                f"{table.name}: its elements are ordered by {told}, which does not tell them all apart",
                object=table.name,
            )
        for column, text in table.sql.items():
            for call in (call for each in split(text) for call in calls(each.span, LIST_AGGREGATES)):
                if not any(token.plain == "order" for _, token in call.inside.level()):
                    yield Hit(
                        f"{table.name}.{column}: {call.name} has no ORDER BY", object=f"{table.name}.{column}"
                    )


@asks(D07, Sight.MAPPING)
def without_identity(mapping: MappingFacts) -> Iterator[Hit]:
    for table in mapping.tables:
        missing = [name for name in table.keys if name not in table.carried] if table.elements else []
        if missing:
            yield Hit(
                f"{table.name}: its elements do not carry {', '.join(missing)}",
                object=table.name,
                severity=Severity.ERROR,
            )


@asks(D11, Sight.MAPPING)
def fabricated(mapping: MappingFacts) -> Iterator[Hit]:
    for table in mapping.tables:
        for column, text in table.sql.items():
            for statement in split(text):
                invented = [f"{call.name}()" for call in calls(statement.span, VOLATILE)]
                invented += ["LIMIT 1"] if statement.search(r"\blimit 1\b") else []
                for what in invented:
                    yield Hit(
                        f"{table.name}.{column} takes {what}",
                        object=f"{table.name}.{column}",
                        severity=Severity.ERROR,
                    )


@asks(D12, Sight.MAPPING)
def tenant_not_copied(mapping: MappingFacts) -> Iterator[Hit]:
    for table in mapping.tables:
        if table.tenant_from not in ("copy", "parent", "decision"):
            yield Hit(f"{table.name}: its tenant is computed ({table.tenant_from})", object=table.name)
