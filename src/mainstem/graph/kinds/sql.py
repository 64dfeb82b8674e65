"""Kind `sql`: a statement on a database that the worker was started with."""

from __future__ import annotations

from typing import Literal

from mainstem.errors import KindRefused
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Written
from mainstem.model import Json


class Statement(Written):
    """One statement; `%(name)s` in it is an input. It may run again when its worker dies: let it be idempotent."""

    query: str
    database: str = "default"
    """As the worker names it, with the rights of the login that it was given: never the ledger's own."""
    rows: Literal["all", "one", "value"] = "all"


class Sql(Kind):
    """Gives its rows as objects; with `rows: one` the only one, with `rows: value` that one's first column."""

    name = "sql"
    config = Statement

    async def run(self, task: Task) -> Json:
        asked = task.config
        rows = await task.host.ask(asked.database, asked.query, task.inputs, task.node.timeout)
        if asked.rows == "all":
            return rows
        if len(rows) != 1:
            raise KindRefused(f"the statement gave {len(rows)} rows, and rows: {asked.rows} needs one")
        return rows[0] if asked.rows == "one" else next(iter(rows[0].values()))
