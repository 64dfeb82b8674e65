"""What the lint asks of a mapping, answered from the old catalog and the old rows."""

from __future__ import annotations

from typing import Any

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.life.session import Connection
from mainstem.consolidate.lint import MappingFacts, TableFacts
from mainstem.consolidate.mapping import Elements

MOST = 1000
"""Different values of one column that are asked for: a column with more is no list of states."""


def mapping_facts(conn: Connection, program: Program, name: str) -> MappingFacts:
    """Counts the values of every column that has a value map; nothing is written."""
    moving = {table: program.mapping.tables[table] for table in program.tables}
    return MappingFacts(name, tuple(_facts(conn, program, table, said) for table, said in moving.items()))


def _facts(conn: Connection, program: Program, table: str, said: Any) -> TableFacts:
    mapped = {column: lens.values for column, lens in said.columns.items() if lens.values}
    return TableFacts(
        name=table,
        columns=tuple(program.catalog.old[table]),
        mentioned=frozenset(said.mentioned),
        dropped=said.drop,
        values=mapped,
        kept=frozenset(column for column, lens in said.columns.items() if lens.keep),
        present={column: _present(conn, program, table, column) for column in mapped},
        sql={column: lens.sql.fold for column, lens in said.columns.items() if lens.sql},
        keys=(said.key,),
        elements=isinstance(said, Elements),
        order=tuple(said.order) if isinstance(said, Elements) else (),
        carried=frozenset(said.carried),
    )


def _present(conn: Connection, program: Program, table: str, column: str) -> dict[str, int]:
    """Values that are there, with their rows; NULL has a lens of its own."""
    rows = conn.execute(
        f"select t.{q(column)}::text, count(*) from {q(program.mapping.old_schema, table)} t"
        f" where t.{q(column)} is not null group by 1 limit {MOST}"
    ).fetchall()
    return {str(value): int(count) for value, count in rows}
