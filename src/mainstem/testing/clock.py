"""The clock that moves: in place of the database's own, for every connection of one database."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import Connection

from mainstem.ledger.install import store_fingerprint

MOVABLE_CLOCK: LiteralString = """
create table public.moved_clock (ahead interval not null);
insert into public.moved_clock values ('0');
grant select on public.moved_clock to public;
create or replace function mainstem.clock() returns timestamptz language sql volatile parallel safe
return clock_timestamp() + (select ahead from public.moved_clock);
alter function mainstem.clock() owner to mainstem_owner;
"""


def make_movable(conn: Connection[Any]) -> None:
    """Of a database with the schema, by a superuser."""
    conn.execute(MOVABLE_CLOCK)
    store_fingerprint(conn)


def advance(conn: Connection[Any], seconds: float) -> None:
    """Move it ahead; workers look at what is due then."""
    conn.execute("update public.moved_clock set ahead = ahead + make_interval(secs => %s)", [seconds])
    conn.execute("notify mainstem_ready")
