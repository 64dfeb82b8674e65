"""What depends on the old tables: views to be pointed at the new ones, foreign keys that cannot, transactions in the way."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.consolidate.compile import Program
from mainstem.consolidate.compile.text import q
from mainstem.consolidate.life.session import Connection
from mainstem.errors import CutoverBlocked

LONGEST = 5.0
"""Seconds that a transaction may have lasted when the locks are asked for."""

_VIEWS = """
with recursive found as (
  select distinct r.ev_class as oid, 1 as depth
    from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
   where d.refclassid = 'pg_class'::regclass and d.refobjid = any(%(tables)s::regclass[]) and r.ev_class <> d.refobjid
  union
  select distinct r.ev_class, f.depth + 1
    from found f join pg_depend d on d.refobjid = f.oid and d.refclassid = 'pg_class'::regclass
    join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
   where r.ev_class <> f.oid and f.depth < 20
)
select n.nspname, c.relname, pg_get_viewdef(c.oid), coalesce(array_to_string(c.reloptions, ', '), ''), c.relkind::text,
       quote_ident(pg_get_userbyid(c.relowner))
  from (select oid, max(depth) as depth from found group by oid) f
  join pg_class c on c.oid = f.oid join pg_namespace n on n.oid = c.relnamespace
 where n.nspname <> %(work)s
 order by f.depth
"""
_FOREIGN_KEYS = """
select k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid)
  from pg_constraint k
 where k.contype = 'f' and k.confrelid = any(%(tables)s::regclass[]) and not k.conrelid = any(%(tables)s::regclass[])
"""


@dataclass(frozen=True)
class Dependant:
    """A view of somebody's on the old tables, as its text was when they had their names."""

    name: str
    as_it_was: str
    hold: str
    """Locks the view and not, as LOCK TABLE would, what it reads as well: it gets the owner it has."""


def regclasses(program: Program, schema: str) -> list[str]:
    return [q(schema, table) for table in program.tables]


def named_views(program: Program) -> list[str]:
    """The same, and tables that go behind a view of their name and stay what foreign keys point at."""
    schema = program.mapping.old_schema
    return [*regclasses(program, schema), *(q(schema, found.table) for found in program.thinned)]


def dependants(conn: Connection, program: Program) -> list[Dependant]:
    """Views, those first that others stand on. Raises CutoverBlocked for a materialized view, which cannot be replaced."""
    rows = conn.execute(
        _VIEWS,
        {"tables": named_views(program), "work": program.mapping.work_schema},
    ).fetchall()
    found = []
    for schema, name, text, options, kind, owner in rows:
        if kind == "m":
            raise CutoverBlocked(
                f"{schema}.{name} is a materialized view of the old tables, and would go on showing them",
                hint="Drop it, and make it again after the cut-over.",
            )
        with_options = f" with ({options})" if options else ""
        found.append(
            Dependant(
                f"{schema}.{name}",
                f"create or replace view {q(schema, name)}{with_options} as {text}",
                f"alter view {q(schema, name)} owner to {owner}",
            )
        )
    return found


def hold_dependants(conn: Connection, standing: list[Dependant]) -> None:
    """Before the tables, and those first that stand on others: who reads a view holds it while he waits for what it reads."""
    for found in reversed(standing):
        conn.execute(found.hold)


def foreign_keys(conn: Connection, program: Program) -> list[tuple[str, str, str]]:
    """Of tables that stay, to tables that move: table, name, definition."""
    return conn.execute(_FOREIGN_KEYS, {"tables": regclasses(program, program.mapping.old_schema)}).fetchall()


def refuse_in_the_way(conn: Connection, program: Program) -> None:
    """Look before asking for the locks. Raises CutoverBlocked and names what is in the way."""
    if (links := foreign_keys(conn, program)) and "foreign_keys" not in program.mapping.accepts:
        told = "; ".join(f"{table} {name}: {definition}" for table, name, definition in links)
        raise CutoverBlocked(
            f"foreign keys point at tables that move: {told}",
            hint="Drop them, or say `accepts: {foreign_keys: why}`.",
        )
    if (
        row := conn.execute(
            "select count(*) from pg_prepared_xacts where database = current_database()"
        ).fetchone()
    ) and row[0]:
        raise CutoverBlocked(
            f"{row[0]} prepared transactions", hint="Commit or roll them back: pg_prepared_xacts."
        )
    long = conn.execute(
        "select pid, left(query, 60), round(extract(epoch from clock_timestamp() - xact_start)::numeric, 1) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and xact_start < clock_timestamp() - %s * interval '1 second'"
        " and backend_type = 'client backend'",
        [LONGEST],
    ).fetchall()
    if long:
        told = "; ".join(f"pid {pid}, {seconds} s: {query}" for pid, query, seconds in long)
        raise CutoverBlocked(
            f"transactions are open for over {LONGEST:g} s: {told}",
            hint="Wait for them, or end them; then try again.",
        )


def functions_of(conn: Connection, schema: str) -> dict[str, str]:
    """Signature to definition of the functions in a schema."""
    rows = conn.execute(
        "select p.oid::regprocedure::text, pg_get_functiondef(p.oid) from pg_proc p"
        " where p.pronamespace = %s::regnamespace and p.prokind in ('f', 'p')",
        [schema],
    ).fetchall()
    return {str(name): str(text) for name, text in rows}
