"""Script: a migration as a whole: what it makes and takes away, in which transactions, under which settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.catalog import NAME, Name, Table, created_table
from mainstem.consolidate.lint.live.counts import NO_DATABASE, Count
from mainstem.consolidate.lint.live.postgres import PostgresLive, quoted
from mainstem.consolidate.lint.live.sqlite import SqliteLive, identifier
from mainstem.consolidate.lint.queries import Move, move_of
from mainstem.consolidate.lint.statements import Body, Statement, body_of
from mainstem.consolidate.lint.tokens import Kind

_MAKES_TABLE = re.compile(
    rf"create (?:or replace )?(?:global |local )?(?:temp(?:orary)? )?(?:unlogged )?(?:foreign )?(?:materialized )?"
    rf"(?:recursive )?(?P<kind>table|view) (?:if not exists )?(?P<name>{NAME})"
)
_LEAVES = (
    re.compile(rf"drop table (?:if exists )?(?P<names>{NAME}(?: , {NAME})*)"),
    re.compile(rf"alter table (?:if exists )?(?:only )?(?P<names>{NAME}) (?:rename to|set schema) "),
)
_TAKES_NAME = re.compile(rf"alter table (?:if exists )?{NAME} rename to (?P<name>{NAME})")
_SETTING = re.compile(r"set (?:session |local )?(?P<name>time zone|[\w.]+) ?(?:to |= ?)?(?P<value>.*)")
_SET_CONFIG = re.compile(r"select (?:pg_catalog\.)?set_config \(")


@dataclass(frozen=True)
class Swap:
    """A name that stops meaning the old table and means something else, all in this migration."""

    name: Name
    leaves: Statement
    taken: Statement
    is_view: bool


@dataclass
class Script:
    """One migration. `postgres` and `sqlite` are the live database, if one was given.

    one_transaction: its runner puts a transaction round the file. pooled: it runs through a transaction pooler.
    """

    name: str
    statements: list[Statement]
    dialect: Dialect = Dialect.POSTGRES
    postgres: PostgresLive | None = None
    sqlite: SqliteLive | None = None
    one_transaction: bool = False
    pooled: bool = False
    bodies: dict[int, Body] = field(default_factory=dict)

    @cached_property
    def every(self) -> list[Statement]:
        """The statements, and behind each block what is seen in it."""
        found = []
        for statement in self.statements:
            found.append(statement)
            found += self.body(statement).statements
        return found

    @cached_property
    def _order(self) -> dict[int, int]:
        return {id(statement): place for place, statement in enumerate(self.every)}

    def place(self, statement: Statement) -> int:
        return self._order[id(statement)]

    def before(self, statement: Statement) -> list[Statement]:
        return self.every[: self.place(statement)]

    def after(self, statement: Statement) -> list[Statement]:
        return self.every[self.place(statement) + 1 :]

    def body(self, statement: Statement) -> Body:
        """What is seen in a DO block."""
        if id(statement) not in self.bodies:
            block = next(
                (token for token in statement.span if token.kind is Kind.STRING and len(token.text) > 1), None
            )
            is_block = block is not None and statement.plain.startswith("do ")
            within = f"the DO block at line {statement.line}"
            self.bodies[id(statement)] = body_of(block, within=within) if block and is_block else Body([], [])
        return self.bodies[id(statement)]

    @cached_property
    def _moves(self) -> dict[int, Move]:
        return {id(each): move for each in self.every if (move := move_of(each)) is not None}

    def move(self, statement: Statement) -> Move | None:
        return self._moves.get(id(statement))

    def moves(self) -> list[Move]:
        """The moves that make rows, in order."""
        return [move for move in self._moves.values() if move.keeps_rows]

    @cached_property
    def made(self) -> list[tuple[Statement, Name, str]]:
        """What it creates: the statement, the name, table or view."""
        found = ((each, _MAKES_TABLE.match(each.plain)) for each in self.every)
        return [(each, Name.of(match["name"]), match["kind"]) for each, match in found if match]

    def makes(self, name: Name, *, before: Statement | None = None) -> bool:
        """Whether the table is its own: nobody else's rows are in it, nobody else waits for it."""
        limit = len(self.every) if before is None else self.place(before)
        return any(own.same(name) and self.place(each) < limit for each, own, _ in self.made)

    @cached_property
    def leaves(self) -> list[tuple[Statement, Name]]:
        """The tables that it drops, renames or moves to another schema, and did not make itself."""
        found: list[tuple[Statement, Name]] = []
        for each in self.every:
            for pattern in _LEAVES:
                if match := pattern.match(each.plain):
                    names = [Name.of(name) for name in match["names"].split(" , ")]
                    found += [(each, name) for name in names if not self.makes(name, before=each)]
        return found

    def leaving(self, name: Name) -> Statement | None:
        return next((each for each, left in self.leaves if left.same(name)), None)

    @cached_property
    def swaps(self) -> list[Swap]:
        found = []
        for leaves, name in self.leaves:
            later = self.after(leaves)
            taken = next((made for made in self.made if made[1].name == name.name and made[0] in later), None)
            renamed = next(
                (
                    each
                    for each in later
                    if (m := _TAKES_NAME.match(each.plain)) and Name.of(m["name"]).name == name.name
                ),
                None,
            )
            if taken is not None or renamed is not None:
                by = taken[0] if taken is not None else renamed
                found.append(Swap(name, leaves, by or leaves, taken is not None and taken[2] == "view"))
        return found

    @cached_property
    def _created(self) -> list[tuple[int, Table]]:
        return [
            (at, table) for at, each in enumerate(self.every) if (table := created_table(each)) is not None
        ]

    def table(self, name: Name, *, at: Statement | None = None) -> Table | None:
        """A table as the live database or an own CREATE TABLE, one before `at`, has it; None when neither does."""
        limit = len(self.every) if at is None else self.place(at)
        own = (table for place, table in self._created if place < limit and table.name.same(name))
        return self.live_table(name) or next(own, None)

    def live_table(self, name: Name) -> Table | None:
        live = self.postgres or self.sqlite
        return None if live is None else live.table(name)

    def count(self, query: str) -> Count:
        """A count over the live rows; nothing without a live database."""
        if self.postgres is not None:
            return self.postgres.count(query, path=self.search_path)
        return self.sqlite.count(query) if self.sqlite is not None else NO_DATABASE

    @property
    def is_live(self) -> bool:
        return self.postgres is not None or self.sqlite is not None

    def sql_name(self, name: Name) -> str:
        return quoted(name) if self.postgres is not None else identifier(name.name)

    @cached_property
    def search_path(self) -> str | None:
        """Where it looks for names; None: where its login does."""
        for each in self.every:
            if found := re.match(r"set (?:session |local )?search_path (?:to |= )", each.plain):
                return ", ".join(
                    token.text for token in each.span[len(found.group().split()) :] if token.text != ","
                )
        return None

    def settings(self, before: Statement) -> Iterator[tuple[str, str]]:
        """The settings that are in force at a statement, as far as the migration made them: name and value."""
        for each in self.before(before):
            if found := _SETTING.match(each.plain):
                name = "timezone" if found["name"] == "time zone" else found["name"].lower()
                yield name, each.span[-1].value.lower()
            elif _SET_CONFIG.match(each.plain):
                given = [token.value.lower() for token in each.span if token.kind is Kind.STRING]
                yield (given[0], given[1]) if len(given) > 1 else ("", "")

    def has_set(self, setting: str, before: Statement, values: str = ".+") -> bool:
        """Whether a setting is, at a statement, at a value that a pattern takes."""
        said = dict(self.settings(before)).get(setting)
        return said is not None and re.fullmatch(values, said) is not None

    @cached_property
    def transactions(self) -> dict[int, int]:
        """Statement → the number of its transaction; 0 for one that commits by itself."""
        numbers: dict[int, int] = {}
        open_, number = int(self.one_transaction), int(self.one_transaction)
        for each in self.every:
            if not each.within and re.match(r"(begin|start transaction)\b", each.plain):
                number += 1
                open_ = number
            numbers[id(each)] = open_
            if not each.within and re.match(r"(commit|rollback|end|abort)\b(?! to)(?! prepared)", each.plain):
                open_ = int(self.one_transaction)
        return numbers

    def transaction(self, statement: Statement) -> int:
        return self.transactions[id(statement)]
