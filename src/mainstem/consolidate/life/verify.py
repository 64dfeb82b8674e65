"""The proof: what the old rows fold to is what is there, and what is there unfolds to the old rows.

Both in one snapshot, with writers running: roots whose changes are committed and not yet folded are left out, every other one must agree.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.program import Side
from mainstem.consolidate.compile.statements import digest, row_hash
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.life.catch_up import catch_up
from mainstem.consolidate.life.plan import Plan, advance, holding, refuse_changed
from mainstem.consolidate.life.session import Connection, seeing_ours
from mainstem.errors import ProofFailed

SHOWN = 20
"""Rows that a failed proof names."""


@dataclass(frozen=True)
class Difference:
    """A row that both sides have differently, or that one lacks."""

    key: str
    column: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Compared:
    """One comparison: counts and digests of both sides."""

    name: str
    rows: int
    other_rows: int
    is_equal: bool
    digest: str
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class Proof:
    """All comparisons of one snapshot."""

    compared: list[Compared]
    left_out: int
    seconds: float

    @property
    def holds(self) -> bool:
        return all(one.is_equal for one in self.compared)

    def facts(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "compared": [asdict(one) for one in self.compared],
            "left_out": self.left_out,
            "seconds": round(self.seconds, 3),
        }


def verify(conn: Connection, program: Program, plan: Plan) -> Proof:
    """Raises ProofFailed with the first rows and columns that differ; the plan then stays copied."""
    source = program.mapping.system
    with holding(conn, source, "copied", "verified") as token:
        refuse_changed(conn, program, plan)
        catch_up(conn, program, token)
        proof = prove(conn, program)
        with conn.transaction():
            advance(conn, source, token, "verified" if proof.holds else "copied", **proof.facts())
    if not proof.holds:
        raise ProofFailed(told(proof), hint="Look at the rows; mend the mapping or the data, and copy again.")
    return proof


def told(proof: Proof) -> str:
    """The comparisons that failed, and the first rows of each."""
    lines = []
    for one in proof.compared:
        if not one.is_equal:
            lines.append(f"{one.name}: {one.rows} rows here, {one.other_rows} there")
            lines += [
                f"  {found.key}, {found.column}: {found.left!r} and {found.right!r}"
                for found in one.differences
            ]
    return "\n".join(lines)


def prove(conn: Connection, program: Program) -> Proof:
    """Compare everything in one snapshot."""
    began = time.monotonic()
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        changing = changing_roots(conn, program.mapping.system)
        compared = [compare(conn, side, changing) for side in program.proofs()]
    return Proof(compared, len(changing), time.monotonic() - began)


def changing_roots(conn: Connection, source: str) -> list[str]:
    rows = conn.execute(
        "select distinct root from mainstem_consolidation.dirty where source = %s", [source]
    ).fetchall()
    return [row[0] for row in rows]


def compare(conn: Connection, side: Side, left_out: list[str]) -> Compared:
    """Digests of both sides; where they differ, the rows and columns that do."""
    where = f"not coalesce({side.root} = any(%(left_out)s), false)" if left_out else "true"
    return _compared(conn, side, (where, where), {"left_out": left_out})


def compare_roots(conn: Connection, side: Side, roots: list[str], ids: list[UUID]) -> Compared:
    """The same of a few roots only, found by index."""
    return _compared(conn, side, (side.left_only, side.right_only), {"roots": roots, "ids": ids})


def _compared(conn: Connection, side: Side, where: tuple[str, str], given: dict[str, Any]) -> Compared:
    left: tuple[Any, ...] = conn.execute(digest(side.columns, side.left, where[0]), given).fetchone() or ()
    with seeing_ours(conn):
        right: tuple[Any, ...] = (
            conn.execute(digest(side.columns, side.right, where[1]), given).fetchone() or ()
        )
        differences = [] if left == right else _differences(conn, side, where, given)
    return Compared(side.name, left[0], right[0], left == right, ":".join(map(str, left[1:])), differences)


def _differences(
    conn: Connection, side: Side, where: tuple[str, str], given: dict[str, Any]
) -> list[Difference]:
    key = f"t.{q(side.key)}::text"
    hashed = [
        f"select {key} as key, {row_hash(side.columns, 't')} as h from {relation} t where {only}"
        for relation, only in zip((side.left, side.right), where, strict=True)
    ]
    keys = conn.execute(
        f"select distinct key from (({hashed[0]} except all {hashed[1]}) union all ({hashed[1]} except all {hashed[0]})) d order by key limit {SHOWN}",
        given,
    ).fetchall()
    found = []
    for (one,) in keys:
        found += _columns_that_differ(conn, side, one)
    return found[:SHOWN]


def _columns_that_differ(conn: Connection, side: Side, key: str | None) -> list[Difference]:
    names = [name for name, _ in side.columns]
    values = ", ".join(f"t.{q(name)}::text" for name in names)
    rows = [
        conn.execute(
            f"select {values} from {relation} t where t.{q(side.key)}::text is not distinct from %s", [key]
        ).fetchall()
        for relation in (side.left, side.right)
    ]
    if len(rows[0]) != len(rows[1]) or not rows[0]:
        return [Difference(str(key), "(rows)", len(rows[0]), len(rows[1]))]
    return [
        Difference(str(key), name, left, right)
        for name, left, right in zip(names, min(rows[0], key=str), min(rows[1], key=str), strict=True)
        if left != right
    ]
