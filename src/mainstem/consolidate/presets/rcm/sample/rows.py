"""The sample: the old database with ordinary rows and every known oddity; and as many plain runs as a bench wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from psycopg import Connection
from psycopg.sql import SQL, Literal

from mainstem.consolidate.presets.rcm.sample import world
from mainstem.consolidate.presets.rcm.sample.oddities import ODDITIES, SECOND_SHAPE

SEQUENCES: Final = (
    ("workflow_trace", "trace_id", 10_000),
    ("workflow_steps", "step_id", 20_000),
    ("workflow_events", "event_id", 30_000),
    ("workflow_trace_context", "context_id", 40_000),
    ("workflow_trace_screenshot", "screenshot_id", 50_000),
    ("workflow_node", "node_id", 100),
)
"""Where each table's own ids go on: above every id that the sample names."""

GROWTH: Final = (
    ("trace", "workflow_trace", "trace_id", 1),
    ("step", "workflow_steps", "step_id", 10),
    ("event", "workflow_events", "event_id", 20),
    ("context", "workflow_trace_context", "context_id", 2),
)
"""What `grow` makes for each run."""
_NODES: Final = [world.OPEN_PORTAL, world.READ_CLAIM, world.CHECK_MEMBER, world.DECIDE, world.ENTER_CLAIM]


def install(conn: Connection[Any], *, today: datetime | None = None, second_shape: bool = False) -> None:
    """Make the old database in `public`, with its rows.

    today: what the recent rows are reckoned from, the database's clock when it is None; the same day gives the same
    rows. second_shape: with the table of screenshots that not every installation has.
    """
    with conn.transaction():
        conn.execute("set local search_path = public")
        conn.execute(_clock(today))
        for text in _scripts(second_shape=second_shape):
            conn.execute(text.encode())
        for table, column, last in SEQUENCES:
            conn.execute("select setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, last])
        conn.execute("drop function pg_temp.ago(interval)")


def grow(conn: Connection[Any], *, runs: int) -> None:
    """Add so many plain runs of ten steps, two events a step and two keys of context, generated in the server.

    conn: a superuser's, since the foreign keys of rows that fit one another are not looked up.
    """
    with conn.transaction():
        conn.execute("set local search_path = public")
        conn.execute("set local session_replication_role = replica")
        conn.execute("set local synchronous_commit = off")
        taken = {name: _reserve(conn, table, column, runs * each) for name, table, column, each in GROWTH}
        given = {**taken, "runs": runs, "workflow": world.INTAKE, "user": world.ANN, "nodes": _NODES}
        for text in _sql("growth").split(";\n\n"):
            conn.execute(text.encode(), given)
    conn.execute("analyze workflow_trace, workflow_steps, workflow_events, workflow_trace_context")


def _reserve(conn: Connection[Any], table: str, column: str, how_many: int) -> int:
    """The last id before those that are ours now."""
    sequence = "pg_get_serial_sequence(%(table)s, %(column)s)"
    [(last,)] = conn.execute(
        f"select setval({sequence}, nextval({sequence}) + %(more)s) - %(more)s".encode(),
        {"table": table, "column": column, "more": how_many},
    ).fetchall()
    return int(last)


def _clock(today: datetime | None) -> SQL | Any:
    moment = SQL("now()") if today is None else SQL("{}::timestamptz").format(Literal(today))
    return SQL(
        "create function pg_temp.ago(span interval) returns timestamptz language sql stable return {} - span"
    ).format(moment)


def _scripts(*, second_shape: bool) -> Iterator[str]:
    yield _sql("schema")
    yield _sql("functions")
    yield world.DEFINITIONS
    yield world.RUNS
    yield from (oddity.rows for oddity in ODDITIES if oddity.rows)
    if second_shape:
        yield _sql("screenshot_v9")
        yield from (oddity.rows for oddity in SECOND_SHAPE if oddity.rows)


def _sql(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
