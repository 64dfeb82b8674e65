"""Losses: what was written since the switch that the old tables cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
    found = [
        loss
        for relation in program.relations()
        for loss in (*_needed(conn, program, relation, chosen), *_untold(conn, program, relation, chosen))
    ]
    unpacked = program.whole.unpacked
    return found + (_untold(conn, program, unpacked.step, chosen) if unpacked else [])


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


def _needed(conn: Connection, program: Program, relation: Relation, chosen: str) -> list[Loss]:
    """Values without which there is no old row."""
    said = relation.said
    view = q(program.whole.work_schema, f"unfold_{relation.table}")
    needed = [
        column.name for column in relation.old.values() if column.not_null and column.name not in said.drop
    ]
    checks = [(f"u.{q(name)} is null", name, NEEDED) for name in needed]
    return _failing(conn, relation, f"u.{q(said.key)}::text from {view} u", f"u._id {chosen}", checks)


def _untold(conn: Connection, program: Program, relation: Relation, chosen: str) -> list[Loss]:
    """Values that only the new tables have a place for, and states that old code has no word for."""
    told = {way.place.column for way in relation.ways.values()} | set(relation.mapped)
    target = program.catalog.ours[relation.target]
    checks = [
        (f"r.{q(name)} is not null", name, "the old tables have no place for it")
        for name in UNTOLD
        if name in target and name not in told
    ]
    for column, lens in relation.said.columns.items():
        if lens.back:
            states = ", ".join(map(lit, lens.back))
            checks.append((f"r.{q(lens.to)} in ({states})", column, "the old table has another word for it"))
    checks += [check for way in relation.ways.values() for check in _unfitting(way)]
    checks += [
        (bundle.unfitting("r"), bundle.name, "the old columns have no such values")
        for bundle in relation.bundles
        if bundle.placed
    ]
    run = "mainstem.run_of(k.new_id)" if relation.target == STEP else "k.new_id"
    key = (
        {RUN: "run_id"}.get(relation.target, "step_id")
        if relation.target in (RUN, STEP)
        else relation.said.columns[relation.said.key].to
    )
    rows = f"k.old_key from {IDS} k join {with_beside(program.whole, relation)} r on r.{q(key)} = k.new_id"
    whose = f"{program.whole.ids_of('k', relation.table)} and {run} {chosen}"
    return _failing(conn, relation, rows, whose, checks)


def _failing(
    conn: Connection, relation: Relation, rows: str, whose: str, checks: list[tuple[str, str, str]]
) -> list[Loss]:
    """One look at the rows, whatever the number of checks."""
    if not checks:
        return []
    each = ", ".join(f"({number}, {condition})" for number, (condition, _, _) in enumerate(checks))
    text = f"select c.number, {rows} cross join lateral (values {each}) c (number, fails)\n where {whose} and c.fails order by 1, 2"
    return [
        Loss(relation.table, key, checks[number][1], checks[number][2])
        for number, key in conn.execute(text).fetchall()
    ]


def _unfitting(way: Way) -> list[tuple[str, str, str]]:
    """Values that have become NULL on the way back, or shorter."""
    value, back = way.value_in("r"), way.unfold("r")
    kept = f" and r.metadata #> {json_path('originals', way.column)} is null" if way.loses else ""
    checks = [(f"{value} is not null and {back} is null{kept}", way.column, "the old type has no such value")]
    if length := re.fullmatch(r"character(?: varying)?\((\d+)\)", way.type):
        too_long = f"char_length(({value})::text) > {length[1]}{kept}"
        checks.append(
            (too_long, way.column, f"it is longer than the {length[1]} characters of the old column")
        )
    return checks
