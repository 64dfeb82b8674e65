"""Losses: what was written since the switch that the old tables cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.lens import Way
from mainstem.consolidate.compile.relation import RUN, STEP, Relation
from mainstem.consolidate.compile.text import json_path, lit, q
from mainstem.consolidate.compile.views import IDS, with_beside
from mainstem.consolidate.life.session import Connection, seeing_ours
from mainstem.errors import NotLossless

NEEDED = "the old column is NOT NULL"
UNTOLD = ("input_data", "output_data", "error_details", "forked_from", "parent_step_id")
"""Columns that only new code fills, where the mapping has nothing for them."""


@dataclass(frozen=True)
class Loss:
    """Something written since that the old tables cannot hold."""

    table: str
    key: str
    column: str
    why: str


def losses(conn: Connection, program: Program) -> list[Loss]:
    """What a rollback now would lose: none means that it is still lossless."""
    with seeing_ours(conn):
        return losses_of(conn, program)


def losses_of(conn: Connection, program: Program, ids: Sequence[UUID] | None = None) -> list[Loss]:
    """Of these runs and definitions, or of all that were written since; where our views are seen already."""
    chosen = _since(program) if ids is None else f"= any({lit('{' + ','.join(map(str, ids)) + '}')}::uuid[])"
    return [
        Loss(asked.table, key, asked.checks[number].column, asked.checks[number].why)
        for asked in _questions(program, chosen)
        for number, key in conn.execute(asked.text().encode()).fetchall()
    ]


def counting_losses(program: Program) -> str:
    """A function that counts the same, by column and reason, for roles that see no row of it: mainstem_owner's, for `standing`."""
    name = q(program.mapping.work_schema, "losses")
    counted = [asked.counted() for asked in _questions(program, _since(program))]
    body = "\nunion all\n".join(counted) or "select '', '', '', 0::bigint where false"
    return (
        f"create or replace function {name}() returns table (old_table text, old_column text, why text, lost bigint)\n"
        "language plpgsql stable set search_path = pg_catalog, pg_temp as $losses$\n#variable_conflict use_column\n"
        f"begin\nreturn query\n{body};\nend $losses$;\n"
        f"revoke all on function {name}() from public;\nalter function {name}() owner to mainstem_owner;\n"
    )


def refuse_more(lost: Iterable[Loss], accepted: Iterable[Loss]) -> None:
    """Raises NotLossless when there are others than those that were accepted."""
    known = set(accepted)
    if more := [loss for loss in dict.fromkeys(lost) if loss not in known]:
        told = "; ".join(f"{loss.table} {loss.key} {loss.column}: {loss.why}" for loss in more[:10])
        raise NotLossless(
            f"{len(more)} values do not fit into the old tables: {told}",
            hint="Say --accept-loss to leave them behind; what is written meanwhile is asked about anew.",
        )


def left_behind(system: str) -> str:
    """Under this name `written_since` keeps what a rollback has unfolded and could not bring back whole, until it is through."""
    return f"{system} left behind"


def _since(program: Program) -> str:
    sources = f"{lit(program.mapping.system)}, {lit(left_behind(program.mapping.system))}"
    return f"in (select w.new_id from mainstem_consolidation.written_since w where w.source in ({sources}))"


@dataclass(frozen=True)
class _Check:
    """A condition over a row whose value the old column cannot hold."""

    condition: str
    column: str
    why: str


@dataclass(frozen=True)
class _Question:
    """One look at the rows of a table, whatever the number of checks."""

    table: str
    rows: str
    """The key of a row, and what follows FROM."""
    whose: str
    checks: list[_Check]

    def text(self) -> str:
        """Gives number of the check and key."""
        each = ", ".join(f"({number}, {check.condition})" for number, check in enumerate(self.checks))
        return f"select c.number, {self.rows} cross join lateral (values {each}) c (number, fails)\n where {self.whose} and c.fails order by 1, 2"

    def counted(self) -> str:
        """Gives table, column, reason and how many."""
        each = ", ".join(
            f"({number}, {lit(check.column)}, {lit(check.why)})" for number, check in enumerate(self.checks)
        )
        return (
            f"select {lit(self.table)}, c.old_column, c.why, count(*) from (\n{self.text()}) told (number, key)\n"
            f"  join (values {each}) c (number, old_column, why) using (number) group by 2, 3"
        )


def _questions(program: Program, chosen: str) -> Iterator[_Question]:
    unpacked = program.whole.unpacked
    asked = [
        question(program, relation, chosen)
        for relation in program.relations()
        for question in (_needed, _untold)
    ]
    if unpacked:
        asked.append(_untold(program, unpacked.step, chosen))
    yield from (one for one in asked if one.checks)


def _needed(program: Program, relation: Relation, chosen: str) -> _Question:
    """Values without which there is no old row."""
    said = relation.said
    view = q(program.whole.work_schema, f"unfold_{relation.table}")
    checks = [
        _Check(f"u.{q(column.name)} is null", column.name, NEEDED)
        for column in relation.old.values()
        if column.not_null and column.name not in said.drop
    ]
    return _Question(relation.table, f"u.{q(said.key)}::text from {view} u", f"u._id {chosen}", checks)


def _untold(program: Program, relation: Relation, chosen: str) -> _Question:
    """Values that only the new tables have a place for, and states that old code has no word for."""
    run = "mainstem.run_of(k.new_id)" if relation.target == STEP else "k.new_id"
    key = (
        {RUN: "run_id"}.get(relation.target, "step_id")
        if relation.target in (RUN, STEP)
        else relation.said.columns[relation.said.key].to
    )
    rows = f"k.old_key from {IDS} k join {with_beside(program.whole, relation)} r on r.{q(key)} = k.new_id"
    whose = f"{program.whole.ids_of('k', relation.table)} and {run} {chosen}"
    return _Question(relation.table, rows, whose, list(_unspeakable(program, relation)))


def _unspeakable(program: Program, relation: Relation) -> Iterator[_Check]:
    told = {way.place.column for way in relation.ways.values()} | set(relation.mapped)
    for name in UNTOLD:
        if name in program.catalog.ours[relation.target] and name not in told:
            yield _Check(f"r.{q(name)} is not null", name, "the old tables have no place for it")
    for column, lens in relation.said.columns.items():
        if lens.back:
            states = ", ".join(map(lit, lens.back))
            yield _Check(f"r.{q(lens.to)} in ({states})", column, "the old table has another word for it")
    for way in relation.ways.values():
        yield from _unfitting(way)
    for bundle in relation.bundles:
        if bundle.placed:
            yield _Check(bundle.unfitting("r"), bundle.name, "the old columns have no such values")


def _unfitting(way: Way) -> Iterator[_Check]:
    """Values that have become NULL on the way back, or shorter."""
    value, back = way.value_in("r"), way.unfold("r")
    kept = f" and r.metadata #> {json_path('originals', way.column)} is null" if way.loses else ""
    yield _Check(
        f"{value} is not null and {back} is null{kept}", way.column, "the old type has no such value"
    )
    if length := re.fullmatch(r"character(?: varying)?\((\d+)\)", way.type):
        too_long = f"char_length(({value})::text) > {length[1]}{kept}"
        yield _Check(too_long, way.column, f"it is longer than the {length[1]} characters of the old column")
