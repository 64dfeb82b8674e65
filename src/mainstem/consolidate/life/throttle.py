"""The throttle: a copy rests while replicas lag, while an old transaction keeps the dead rows, or while a query of the user's says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from mainstem.consolidate.life.session import Connection
from mainstem.errors import BadArgument

PAUSE = 1.0
"""Seconds until it looks again."""

_LAG = "select coalesce(max(extract(epoch from replay_lag)), 0)::float8 from pg_stat_replication"
_OLDEST = """
select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 from pg_stat_activity
 where pid <> pg_backend_pid() and backend_type = 'client backend' and datname = current_database()
"""


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Asked before each batch. Only replicas that are connected have a lag; a query that gives NULL or no row gives 0."""

    conn: Connection
    query: str = ""
    lag: float | None = None
    """Seconds that a replica may be behind."""
    age: float | None = None
    """Seconds that a transaction of this database may be old."""
    told: Callable[[str], object] = lambda _: None

    def __call__(self) -> float:
        why = self.reason()
        self.told(why)
        return PAUSE if why else 0.0

    def reason(self) -> str:
        """Why it has to rest; empty when it has not. Raises BadArgument for a query that does not run."""
        if self.lag is not None and (lag := self._number(_LAG)) > self.lag:
            return f"a replica lags {lag:.0f} s"
        if self.age is not None and (age := self._number(_OLDEST)) > self.age:
            return f"a transaction is {age:.0f} s old"
        if self.query and (found := self._asked()) > 0:
            return f"the query gives {found:g}"
        return ""

    def _asked(self) -> float:
        try:
            return self._number(self.query)
        except (psycopg.Error, TypeError, ValueError) as error:
            raise BadArgument(
                f"--throttle-query: {str(error).splitlines()[0]}",
                hint="a query that gives one number, its tables with their schema; 0 to go on",
            ) from error

    def _number(self, query: str) -> float:
        with self.conn.transaction():
            self.conn.execute("set transaction read only")
            self.conn.execute("set local statement_timeout = '5s'")
            row = self.conn.execute(query.encode()).fetchone()
        return float(row[0] or 0) if row else 0.0
