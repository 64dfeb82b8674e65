"""Checks of landed tables and foreign keys among them: as the source has them, the keys asleep while rows come from there in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection, Error, errors
from psycopg.sql import SQL, Composed, Identifier

from mainstem.consolidate.sources.remote.tables import Table
from mainstem.consolidate.sources.sqlite.landed import listed, rows

_LINKS: Final = """
select k.conname, k.conrelid::bigint, k.confrelid::bigint,
       (select array_agg(a.attname::text order by c.ordinality) from unnest(k.conkey) with ordinality c (attnum, ordinality)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.attnum),
       (select array_agg(a.attname::text order by c.ordinality) from unnest(k.confkey) with ordinality c (attnum, ordinality)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.attnum),
       k.confmatchtype::text, k.confupdtype::text, k.confdeltype::text,
       (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any(k.confdelsetcols)),
       k.condeferrable, k.condeferred, k.convalidated
  from pg_constraint k
 where k.contype = 'f' and k.conrelid = any(%(oids)s::oid[]) and k.confrelid = any(%(oids)s::oid[])
 order by k.conrelid, k.conname
"""
_CHECKS: Final = """
select c.relname, k.conname, pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid
 where k.contype = 'c' and k.conrelid = any(%s::oid[]) order by 1, 2
"""
_LEFT_BEHIND: Final = """
select format('the trigger %%I of %%I is not carried', t.tgname, c.relname)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
 where t.tgrelid = any(%(oids)s::oid[]) and not t.tgisinternal and p.pronamespace is distinct from to_regnamespace('mainstem_following')
union all
select format('the policy %%I of %%I is not carried', p.polname, c.relname)
  from pg_policy p join pg_class c on c.oid = p.polrelid where p.polrelid = any(%(oids)s::oid[])
union all
select format('the unique index %%s is not carried', i.indexrelid::regclass)
  from pg_index i where i.indrelid = any(%(oids)s::oid[]) and i.indisunique and (i.indpred is not null or i.indexprs is not null)
 order by 1
"""
_TRIGGERS: Final = """
select c.relname, t.tgname from pg_trigger t join pg_constraint k on k.oid = t.tgconstraint join pg_class c on c.oid = t.tgrelid
 where k.contype = 'f' and k.connamespace = %s::regnamespace and c.relnamespace = k.connamespace and t.tgenabled::text = %s
 order by 1, 2
"""
_ACTIONS: Final = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}


class _Link(NamedTuple):
    name: str
    child: int
    parent: int
    columns: list[str]
    parent_columns: list[str]
    match: str
    on_update: str
    on_delete: str
    set_columns: list[str] | None
    is_deferrable: bool
    is_deferred: bool
    is_validated: bool

    def definition(self, parent: Identifier) -> Composed:
        """As ALTER TABLE adds it."""
        only = SQL(" ({})").format(listed(self.set_columns)) if self.set_columns else SQL("")
        rest = [
            SQL(" match full" if self.match == "f" else ""),
            SQL(f" on update {_ACTIONS[self.on_update]} on delete {_ACTIONS[self.on_delete]}"),
            only,
            SQL(" deferrable" if self.is_deferrable else ""),
            SQL(" initially deferred" if self.is_deferred else ""),
            SQL("" if self.is_validated else " not valid"),
        ]
        return SQL("foreign key ({}) references {} ({}){}").format(
            listed(self.columns), parent, listed(self.parent_columns), SQL("").join(rest)
        )


def link(source: Connection[Any], conn: Connection[Any], landing: str, tables: Sequence[Table]) -> list[str]:
    """Add the foreign keys that are not there yet, asleep; what could not be carried.

    Only a superuser puts them to sleep. For another login they are left out: rows would be refused on their way.
    """
    names = {table.oid: table.name for table in tables}
    found = list(map(_Link._make, rows(source, _LINKS, {"oids": list(names)})))
    try:
        with conn.transaction():
            for one in found:
                parent = Identifier(landing, names[one.parent])
                _constrain(conn, Identifier(landing, names[one.child]), one.name, one.definition(parent))
            sleep(conn, landing)
    except errors.InsufficientPrivilege as error:
        return [f"{len(found)} foreign keys were left out: {error.diag.message_primary}"] if found else []
    return []


def check(source: Connection[Any], conn: Connection[Any], landing: str, tables: Sequence[Table]) -> list[str]:
    """Add the checks that are not there yet; what of the tables is not carried."""
    oids, left_out = [table.oid for table in tables], []
    with source.transaction():  # written for the source's search path, read under the landing's
        source.execute(SQL("set local search_path = {}").format(Identifier(tables[0].schema)))
        found = rows(source, _CHECKS, [oids])
        source.execute("set local search_path = pg_catalog")
    for table, name, definition in found:
        try:
            with conn.transaction():
                conn.execute(SQL("set local search_path = {}").format(Identifier(landing)))
                _constrain(conn, Identifier(landing, table), name, SQL(definition))
        except Error as error:
            left_out.append(f"{table}: {name} {definition} was left out: {error.diag.message_primary}")
    return [*left_out, *(said for (said,) in rows(source, _LEFT_BEHIND, {"oids": oids}))]


def _constrain(conn: Connection[Any], table: Identifier, name: str, definition: Composed | SQL) -> None:
    there = "select 1 from pg_constraint where conrelid = %s::regclass and conname = %s"
    if not rows(conn, there, [table.as_string(conn), name]):
        conn.execute(SQL("alter table {} add constraint {} {}").format(table, Identifier(name), definition))


def unlink(conn: Connection[Any], table: Table) -> None:
    """Take out the foreign keys that point at a landed table which is to be made anew."""
    pointing = (
        "select c.relname, k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid"
        " where k.contype = 'f' and k.confrelid = to_regclass(%s) and c.relnamespace = k.connamespace"
    )
    for child, name in rows(conn, pointing, [table.identifier.as_string(conn)]):
        said = SQL("alter table {} drop constraint {}")
        conn.execute(said.format(Identifier(table.schema, child), Identifier(name)))


def sleep(conn: Connection[Any], landing: str) -> None:
    """While the source is followed: what it let in, it has looked at."""
    _switch(conn, landing, "O", "disable")


def wake(conn: Connection[Any], landing: str) -> None:
    """From the cut-over on they are looked at here."""
    with conn.transaction():
        _switch(conn, landing, "D", "enable")


def _switch(conn: Connection[Any], landing: str, state: str, action: str) -> None:
    schema = Identifier(landing).as_string(conn)
    for table, trigger in rows(conn, _TRIGGERS, [schema, state]):
        said = SQL("alter table {} {} trigger {}")
        conn.execute(said.format(Identifier(landing, table), SQL(action), Identifier(trigger)))
