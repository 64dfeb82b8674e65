"""What landing has to say about a table: every value that PostgreSQL cannot hold as SQLite did, and where it is kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from mainstem.consolidate.sources.sqlite.holdings import Holding
from mainstem.consolidate.sources.sqlite.landed import LandedTable
from mainstem.consolidate.sources.sqlite.staging import Original, Passed
from mainstem.consolidate.sources.sqlite.tables import ROWID, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about a column, or about a table when there is no column. `row` is the key of the first case."""

    table: str
    column: str | None
    kind: str
    rows: int
    row: str | None
    says: str
    remedy: str


def findings(table: Table, landed: LandedTable, held: list[Holding], passed: Passed) -> list[Finding]:
    """All of them, the table's own first."""
    return [
        *_of_the_key(table, landed),
        *(_mixed(table, holding) for holding in held if holding.is_mixed),
        *_inexact(table, passed.originals),
        *(_infinite(table, column, count) for column, count in sorted(passed.infinite.items())),
        *(_rounded(table, column, count) for column, count in sorted(passed.rounded.items())),
    ]


def _of_the_key(table: Table, landed: LandedTable) -> list[Finding]:
    if landed.key != (ROWID,):
        return []
    why = "its primary key is NULL in some rows" if table.primary_key else "it has no primary key"
    return [
        Finding(
            table=table.name, column=None, kind="keyed by row id", rows=0, row=None,
            says=f"{why}: {ROWID} is its landed key",
            remedy="do not VACUUM the file until the consolidation is finished: it numbers such rows anew",
        )
    ]  # fmt: skip


def _mixed(table: Table, holding: Holding) -> Finding:
    parts = {said: getattr(holding, said) for said in sorted(holding.classes)}
    said = ", ".join(f"{count} {kind}" for kind, count in parts.items())
    typeless = holding.column.affinity == "blob"
    return Finding(
        table=table.name, column=holding.column.name, kind="mixed types", row=None,
        rows=sum(parts.values()) - max(parts.values()),
        says=f"declared {holding.column.declared or 'without a type'}, holds {said}: landed as text",
        remedy="12 and '12' become the same text" if typeless else "map it as text, or mend the rows beforehand",
    )  # fmt: skip


def _inexact(table: Table, originals: list[Original]) -> list[Finding]:
    by_place: dict[tuple[str, str], list[Original]] = defaultdict(list)
    for original in originals:
        by_place[original.column, original.kind].append(original)
    return [
        Finding(
            table=table.name, column=column, kind=kind, rows=len(cells), row=_key(cells[0]), says=_SAYS[kind],
            remedy="its bytes are kept in _mainstem_original; a row that nobody changes is given back as it was",
        )
        for (column, kind), cells in sorted(by_place.items())
    ]  # fmt: skip


_SAYS = {
    "NUL in text": "PostgreSQL's text has no NUL: landed with \u2400 in its place",
    "no UTF-8": "the text is no UTF-8: landed with \\x and two digits for each byte that is none",
    "blob in text": "a blob among texts: landed as \\x and its bytes in hex",
}


def _key(original: Original) -> str:
    return ", ".join(str(part) for part in original.key)


def _infinite(table: Table, column: str, count: int) -> Finding:
    return Finding(
        table=table.name, column=column, kind="infinite", rows=count, row=None,
        says="a number beyond a double's range: it has been infinite since SQLite stored it, and lands as Infinity",
        remedy="JSON has no infinity: map the column by a lens that says what it becomes",
    )  # fmt: skip


def _rounded(table: Table, column: str, count: int) -> Finding:
    return Finding(
        table=table.name, column=column, kind="beyond int8", rows=count, row=None,
        says="whole numbers beyond int8: SQLite has kept the nearest double since they were stored; landed as numeric",
        remedy="what was rounded away is in no copy of the file: look for it where the numbers came from",
    )  # fmt: skip
