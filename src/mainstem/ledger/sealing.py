"""Sealing: what the partition of a past month gets, and a hot one does without, as each costs every flush.

The foreign key alone is 42 % of a flush; until then the fence and the CHECKs stand for it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection, errors
from psycopg.sql import SQL, Composed, Identifier

from mainstem.errors import DatabaseError
from mainstem.ledger.leaves import RUN, STEP, Leaf, briefly, patiently, scalar

UNIQUE: LiteralString = "create unique index concurrently {name} on {table} ({column})"
CONTAINS: LiteralString = "create index concurrently {name} on {table} using gin ({column} jsonb_path_ops)"

WORDS: LiteralString = (
    "create index concurrently {name} on {table} using gin"
    " (mainstem._words_of_run(external_id, error_message, input_data, output_data, context))"
)
"""Two thirds of the table's size, and 40 microseconds a run: see docs/decisions."""


class Index(NamedTuple):
    """An index on one column of a leaf, or on what is made of several."""

    parent: str
    column: str
    form: LiteralString

    def name(self, leaf: Leaf) -> str:
        return f"{self.parent}_{leaf.suffix}_sealed_{self.column}"

    def statement(self, leaf: Leaf) -> Composed:
        return SQL(self.form).format(
            name=Identifier(self.name(leaf)), table=leaf.table(self.parent), column=Identifier(self.column)
        )


class Key(NamedTuple):
    """A foreign key of a leaf's steps: the same columns here and there."""

    name: str
    columns: tuple[str, ...]
    target: str | None
    """None: the runs of the same leaf."""

    def statement(self, leaf: Leaf) -> Composed:
        columns = SQL(", ").join(map(Identifier, self.columns))
        target = leaf.table(RUN) if self.target is None else Identifier("mainstem", self.target)
        form = SQL("alter table {} add constraint {} foreign key ({}) references {} ({}) not valid")
        return form.format(leaf.table(STEP), Identifier(self.name), columns, target, columns)


INDEXES = (
    Index(STEP, "step_id", UNIQUE),
    *(Index(RUN, column, CONTAINS) for column in ("context", "input_data", "output_data")),
    Index(RUN, "words", WORDS),
    *(Index(STEP, column, CONTAINS) for column in ("input_data", "output_data")),
)
KEYS = (
    Key("steps_have_their_run", ("run_id",), None),
    Key("steps_have_their_node", ("org_id", "node_id"), "user_workflow_node"),
)


def seal(conn: Connection[Any], leaf: Leaf) -> None:
    """Give a past leaf its indexes and foreign keys. It still takes late steps.

    conn: autocommitting, as mainstem_owner, who sees every row: as a role that sees none, VALIDATE would pass over orphans.
    Killed half-way it is carried on by the next call. Raises DatabaseError when a step has no run or no node, and
    UpgradeBlocked when somebody holds the leaf for long.
    """
    for index in INDEXES:
        _build(conn, leaf, index)
    for key in KEYS:
        _bind(conn, leaf, key)
    conn.execute(
        "update mainstem.user_workflow_leaf set sealed_at = mainstem.clock() where lower = %s and sealed_at is null",
        [leaf.lower],
    )


def _build(conn: Connection[Any], leaf: Leaf, index: Index) -> None:
    """An index whose making was cut short stays, invalid: it costs its upkeep and answers nothing."""
    name = index.name(leaf)
    is_valid = scalar(
        conn, "select indisvalid from pg_index where indexrelid = to_regclass(%s)", f"mainstem.{name}"
    )
    if is_valid is False:
        conn.execute(SQL("drop index concurrently {}").format(Identifier("mainstem", name)))
    if not is_valid:
        conn.execute(index.statement(leaf))


def _bind(conn: Connection[Any], leaf: Leaf, key: Key) -> None:
    is_valid = scalar(
        conn,
        "select convalidated from pg_constraint where conrelid = to_regclass(%s) and conname = %s",
        leaf.name(STEP),
        key.name,
    )
    if is_valid is None:
        patiently(partial(briefly, conn, key.statement(leaf)))
    if not is_valid:
        _validate(conn, leaf, key)


def _validate(conn: Connection[Any], leaf: Leaf, key: Key) -> None:
    """A lock that writers do not meet, so it may take its time."""
    form = SQL("alter table {} validate constraint {}")
    try:
        conn.execute(form.format(leaf.table(STEP), Identifier(key.name)))
    except errors.ForeignKeyViolation as orphaned:
        raise DatabaseError(
            f"{leaf.name(STEP)} cannot be sealed: {orphaned.diag.message_detail}",
            hint="delete or repair these steps, then run `mainstem db partitions` again",
        ) from orphaned
