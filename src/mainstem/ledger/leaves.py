"""Leaves: the ranges of time that runs, steps and events are partitioned by, and how their tables are altered in passing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from psycopg import Connection, errors
from psycopg.rows import class_row, scalar_row
from psycopg.sql import SQL, Composed, Identifier

from mainstem.errors import UpgradeBlocked

RUN, STEP, EVENT = "user_workflow_run", "user_workflow_run_step", "user_workflow_event"

LOCK_TIMEOUT: LiteralString = "300ms"
"""Shorter than the server's deadlock_timeout: nobody dies of waiting for us, we give way and come again."""

PATIENCE = 60.0
"""Seconds that something is tried for, while others hold what it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One range of time, a partition of each of the three tables. Its rows are the server's estimate."""

    suffix: str
    lower: datetime
    upper: datetime
    sealed_at: datetime | None
    retired_at: datetime | None
    is_past: bool
    """It ended more than a day ago: nothing begins in it any more, though its runs may still take steps."""
    runs: int
    steps: int
    size: int
    """Bytes of the three tables with their indexes."""

    @property
    def due(self) -> Literal["seal", "drop"] | None:
        """What maintenance has to do with it."""
        if self.retired_at is not None:
            return "drop"
        return "seal" if self.is_past and self.sealed_at is None else None

    def name(self, parent: str) -> str:
        """Its partition of this table, as SQL has it."""
        return f"mainstem.{parent}_{self.suffix}"

    def table(self, parent: str) -> Identifier:
        """The same as part of a statement."""
        return Identifier("mainstem", f"{parent}_{self.suffix}")


def leaves(conn: Connection[Any]) -> list[Leaf]:
    """All leaves by time, as any login may ask that reads user_workflow_leaf."""
    with conn.cursor(row_factory=class_row(Leaf)) as cursor:
        return cursor.execute(LEAVES).fetchall()


def months_missing(conn: Connection[Any]) -> list[datetime]:
    """The months of the next four weeks that have no leaf yet."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_MISSING).fetchall()


def scalar(conn: Connection[Any], query: LiteralString | Composed, *parameters: Any) -> Any:
    """The one value of the one row, None without a row."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, parameters).fetchone()


def briefly(conn: Connection[Any], statement: Composed) -> None:
    """Execute it, waiting for its locks no longer than LOCK_TIMEOUT: who waits makes those wait who come after."""
    with conn.transaction():
        conn.execute(SQL("set local lock_timeout = {}").format(LOCK_TIMEOUT))
        conn.execute(statement)


def patiently(attempt: Callable[[], None]) -> None:
    """Until its locks are free. Raises UpgradeBlocked after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return attempt()
        except errors.LockNotAvailable as blocked:
            if time.monotonic() > deadline:
                raise UpgradeBlocked(
                    f"a partition is in use: {blocked.diag.message_primary}",
                    hint="`mainstem db doctor` tells by whom; `mainstem db partitions` then goes on",
                ) from blocked
            time.sleep(random.uniform(0.05, 0.3))  # noqa: S311  (out of step with others, no secret)


LEAVES: LiteralString = """
select l.suffix, l.lower, l.upper, l.sealed_at, l.retired_at, l.upper < mainstem.clock() - interval '1 day' as is_past,
       coalesce(sum(t.estimate) filter (where t.parent = 'user_workflow_run'), 0)::bigint as runs,
       coalesce(sum(t.estimate) filter (where t.parent = 'user_workflow_run_step'), 0)::bigint as steps,
       coalesce(sum(t.bytes), 0)::bigint as size
  from mainstem.user_workflow_leaf l
  left join lateral (
    select parent, pg_total_relation_size(c.oid) as bytes, greatest(c.reltuples, pg_stat_get_live_tuples(c.oid)) as estimate
      from unnest(array['user_workflow_run', 'user_workflow_run_step', 'user_workflow_event']) parent
      join pg_class c on c.oid = to_regclass('mainstem.' || quote_ident(parent || '_' || l.suffix))) t on true
 group by l.lower order by l.lower
"""

_MISSING: LiteralString = """
select distinct date_trunc('month', ahead.at at time zone 'UTC') at time zone 'UTC' as month
  from generate_series(0, 4) week cross join lateral (select mainstem.clock() + week * interval '1 week') ahead (at)
 where not exists (select from mainstem.user_workflow_leaf l where l.lower <= ahead.at and ahead.at < l.upper)
 order by month
"""
