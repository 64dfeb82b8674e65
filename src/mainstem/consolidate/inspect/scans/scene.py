"""The scene of a scan: the table looked at, the others, the reader; and how what was found becomes an oddity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Literal

from mainstem.consolidate.inspect.facts import Link, Oddity, Role, Table
from mainstem.consolidate.inspect.kinds import KINDS
from mainstem.consolidate.inspect.parts import Parts, link_to, parts_of
from mainstem.consolidate.inspect.reader import Reader, Row, joined

_LONGEST_EXAMPLE = 200


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition that an ordinary row `c` does not fulfil; `join` brings in what the condition speaks of."""

    kind: str
    column: str
    where: Composable
    join: Composable | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One table before a scan."""

    reader: Reader
    table: Table
    tables: Mapping[str, Table]

    @property
    def parts(self) -> Parts:
        return parts_of(self.table)

    def link(self, role: Role) -> Link | None:
        return link_to(self.table, dict(self.tables), role)

    def parent_of(self, link: Link) -> Table | None:
        """The parent where it is one of the tables inspected, and can be asked."""
        parent = None if link.parent_schema else self.tables.get(link.parent)
        return None if parent is None or parent.is_elsewhere else parent

    def differs(self, link: Link, parent: Table) -> bool:
        """Whether a column and the key that it names are of different types."""
        return any(
            self.table.column(mine).family is not parent.column(theirs).family
            for mine, theirs in zip(link.columns, link.parent_columns, strict=True)
        )

    def to_parent(self, link: Link, parent: Table, alias: str = "p") -> Composable:
        """The join of all rows `c` to their parents; by their text where the types differ."""
        as_text = self.reader.text if self.differs(link, parent) else None
        return SQL("left join {} on {}").format(
            self.reader.whole(parent, alias),
            joined(link.columns, link.parent_columns, as_text, parent=alias),
        )

    def ask(self, template: str, **parts: Composable) -> list[Row]:
        """Rows of a query over `{rel}`, which is the table or its sample, as `c`."""
        query = SQL(template).format(rel=self.reader.relation(self.table), **parts)  # type: ignore[arg-type,unused-ignore]
        return self.reader.rows(query)

    def odd(
        self,
        kind: str,
        rows: int,
        *,
        column: str = "",
        examples: Iterable[object] = (),
        counted: Mapping[str, int] | None = None,
    ) -> Oddity:
        """An oddity of this table, with what its kind means and asks."""
        told = tuple(str(example)[:_LONGEST_EXAMPLE] for example in examples)
        return Oddity(
            kind=kind,
            table=self.table.name,
            column=column,
            rows=rows,
            examples=told[: self.reader.limits.examples],
            means=KINDS[kind].means,
            decision=KINDS[kind].decision,
            counted=dict(counted or {}),
            is_sampled=bool(self.table.sampled),
        )

    def examples(self, doubt: Doubt) -> list[str]:
        """Keys of the first rows that it is true of."""
        found = self.ask(
            "select {key} from {rel} {join} where {where} order by 1 limit {most}",
            key=self.reader.row_key(self.table),
            join=doubt.join or SQL(""),
            where=doubt.where,
            most=Literal(self.reader.limits.examples),
        )
        return [str(row[0]) for row in found]


def counted(scene: Scene, doubts: Iterable[Doubt]) -> Iterator[Oddity]:
    """The doubts that are true of some rows: those about a row alone in one pass, each other in one of its own."""
    listed = list(doubts)
    alone = [doubt for doubt in listed if doubt.join is None]
    for doubt, rows in (*_in_one_pass(scene, alone), *_each(scene, listed)):
        if rows:
            yield scene.odd(doubt.kind, rows, column=doubt.column, examples=scene.examples(doubt))


def _in_one_pass(scene: Scene, doubts: list[Doubt]) -> list[tuple[Doubt, int]]:
    if not doubts:
        return []
    counts = SQL(", ").join(SQL("count(*) filter (where {})").format(doubt.where) for doubt in doubts)
    [row] = scene.ask("select {counts} from {rel}", counts=counts)
    return list(zip(doubts, row, strict=True))


def _each(scene: Scene, doubts: list[Doubt]) -> Iterator[tuple[Doubt, int]]:
    for doubt in doubts:
        if doubt.join is not None:
            [(rows,)] = scene.ask(
                "select count(*) from {rel} {join} where {where}", join=doubt.join, where=doubt.where
            )
            yield doubt, rows
