"""Losses: what was written since the cut-over that the old tables cannot hold. Asked by who goes back, and by who only looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.lens import Way
from mainstem.consolidate.compile.relation import RUN, STEP, Relation
from mainstem.consolidate.compile.text import json_path, lit, q
from mainstem.consolidate.compile.views import IDS
from mainstem.consolidate.life.session import Connection, seeing_ours

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


@dataclass(frozen=True)
class _Question:
    """A query of the keys of rows that would lose this column's value."""

    table: str
    column: str
    why: str
    keys: str


def losses(conn: Connection, program: Program) -> list[Loss]:
    """What a rollback now would lose: none means that it is still lossless."""
    with seeing_ours(conn):
        return [
            Loss(asked.table, key, asked.column, asked.why)
            for asked in _questions(program)
            for (key,) in conn.execute(asked.keys.encode()).fetchall()
        ]


def counting_losses(program: Program) -> str:
    """A function that counts the same, by column and reason, for roles that see no row of it: mainstem_owner's, for `standing`."""
    name = q(program.mapping.work_schema, "losses")
    counted = [
        f"select {lit(asked.table)}, {lit(asked.column)}, {lit(asked.why)}, count(*) from (\n{asked.keys}) told (key)"
        for asked in _questions(program)
    ]
    body = "\nunion all\n".join(counted) or "select '', '', '', 0::bigint where false"
    return (
        f"create or replace function {name}() returns table (old_table text, old_column text, why text, lost bigint)\n"
        "language plpgsql stable set search_path = pg_catalog, pg_temp as $losses$\n#variable_conflict use_column\n"
        f"begin\nreturn query\n{body};\nend $losses$;\n"
        f"revoke all on function {name}() from public;\nalter function {name}() owner to mainstem_owner;\n"
    )


def _questions(program: Program) -> Iterator[_Question]:
    for relation in program.relations():
        yield from _unmet(program, relation)
        yield from _untold(program, relation)


def _changed(program: Program) -> str:
    return f"(select w.new_id from mainstem_consolidation.written_since w where w.source = {lit(program.mapping.system)})"


def _unmet(program: Program, relation: Relation) -> Iterator[_Question]:
    """Old columns that must have a value, and would have none."""
    said, table = relation.said, relation.table
    view = q(program.whole.work_schema, f"unfold_{table}")
    for column in relation.old.values():
        if column.not_null and column.name not in said.drop:
            yield _Question(
                table, column.name, NEEDED,
                f"select u.{q(said.key)}::text from {view} u where u._id in {_changed(program)} and u.{q(column.name)} is null",
            )  # fmt: skip


def _untold(program: Program, relation: Relation) -> Iterator[_Question]:
    """Values that only the new tables have a place for, and states that old code has no word for."""
    run = "mainstem.run_of(k.new_id)" if relation is program.whole.step else "k.new_id"
    key = (
        {RUN: "run_id"}.get(relation.target, "step_id")
        if relation.target in (RUN, STEP)
        else relation.said.columns[relation.said.key].to
    )
    for condition, name, why in _unspeakable(program, relation):
        yield _Question(
            relation.table, name, why,
            f"select k.old_key from {IDS} k join mainstem.{q(relation.target)} r on r.{q(key)} = k.new_id\n"
            f" where {program.whole.ids_of('k', relation.table)} and {condition}\n"
            f"   and {run} in {_changed(program)}",
        )  # fmt: skip


def _unspeakable(program: Program, relation: Relation) -> Iterator[tuple[str, str, str]]:
    told = {way.place.column for way in relation.ways.values()} | set(relation.mapped)
    target = program.catalog.ours[relation.target]
    for name in UNTOLD:
        if name in target and name not in told:
            yield f"r.{q(name)} is not null", name, "the old tables have no place for it"
    for column, lens in relation.said.columns.items():
        if lens.back:
            states = ", ".join(map(lit, lens.back))
            yield f"r.{q(lens.to)} in ({states})", column, "the old table has another word for it"
    for way in relation.ways.values():
        yield from _unfitting(way)


def _unfitting(way: Way) -> Iterator[tuple[str, str, str]]:
    """Values that have become NULL on the way back, or shorter."""
    value, back = way.value_in("r"), way.unfold("r")
    kept = f" and r.metadata #> {json_path('originals', way.column)} is null" if way.loses else ""
    yield f"{value} is not null and {back} is null{kept}", way.column, "the old type has no such value"
    if length := re.fullmatch(r"character(?: varying)?\((\d+)\)", way.type):
        too_long = f"char_length(({value})::text) > {length[1]}{kept}"
        yield too_long, way.column, f"it is longer than the {length[1]} characters of the old column"
