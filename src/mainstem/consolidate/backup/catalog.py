"""The catalog of somebody's database: which tables hold rows, and every object by kind, table and name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple, TypeAlias

import psycopg

from mainstem.consolidate.backup.digests import quoted


class Key(NamedTuple):
    """What an object is known by. `table` is empty for tables and views themselves; of a unique key `name` is its columns."""

    kind: str
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.table}.{self.name}" if self.table else f"{self.kind} {self.name}"


Objects: TypeAlias = Mapping[Key, str]
"""Each object with its definition."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a database is meant; nothing named means everything. Tables of PostgreSQL are named `schema.table`."""

    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def has(self, schema: str, table: str) -> bool:
        """Whether this table is meant."""
        if not self.schemas and not self.tables:
            return True
        return schema in self.schemas or table in self.tables or f"{schema}.{table}" in self.tables


_OURS: LiteralString = """
  n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)' and c.relpersistence <> 't'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
"""

_TABLES: LiteralString = (
    "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace\n"
    " where c.relkind = 'r' and " + _OURS + " order by 1, 2"
)

_SEQUENCES: LiteralString = (
    "select n.nspname, c.relname, s.last_value, s.increment_by from pg_class c join pg_namespace n on n.oid = c.relnamespace\n"
    "  join pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname\n"
    " where c.relkind = 'S' and " + _OURS
)

_OBJECTS: LiteralString = (
    """
with ours as (select c.oid, n.nspname, c.relname, c.relkind, format('%I.%I', n.nspname, c.relname) as name
                from pg_class c join pg_namespace n on n.oid = c.relnamespace where """
    + _OURS
    + """)
select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table'
       else 'table' end, '', name, '' from ours where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all
select 'column', o.name, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
    || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') || case a.attidentity::text when '' then '' else ' identity ' || a.attidentity::text end
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum where o.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'index', t.name, quote_ident(o.relname), pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' invalid' end
  from pg_index i join ours o on o.oid = i.indexrelid join ours t on t.oid = i.indrelid
union all
select case k.contype when 'p' then 'primary key' when 'f' then 'foreign key' else 'constraint' end, o.name, quote_ident(k.conname),
       pg_get_constraintdef(k.oid) from pg_constraint k join ours o on o.oid = k.conrelid where k.contype <> 'n'
union all
select 'trigger', o.name, quote_ident(t.tgname), pg_get_triggerdef(t.oid)
  from pg_trigger t join ours o on o.oid = t.tgrelid where not t.tgisinternal
union all
select 'policy', o.name, quote_ident(p.polname), coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' / '
    || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') from pg_policy p join ours o on o.oid = p.polrelid
"""
)


def tables(conn: psycopg.Connection[Any], selection: Selection | None = None) -> list[tuple[str, str]]:
    """Schema and name of each table that holds rows itself, partitions among them; not those of extensions."""
    meant = selection or Selection()
    return [found for found in conn.execute(_TABLES).fetchall() if meant.has(*found)]


def sequences(conn: psycopg.Connection[Any], selection: Selection) -> dict[str, int]:
    """How far each has counted; negative for those that count down, so that further is always more."""
    found = conn.execute(_SEQUENCES).fetchall()
    return {
        f"{schema}.{name}": last if step > 0 else -last
        for schema, name, last, step in found
        if last is not None and selection.has(schema, name)
    }


def objects(conn: psycopg.Connection[Any]) -> dict[Key, str]:
    """Every object of a PostgreSQL database that a migration may lose; on a pinned connection."""
    return {Key(kind, table, name): told for kind, table, name, told in conn.execute(_OBJECTS).fetchall()}


def sqlite_tables(conn: sqlite3.Connection, selection: Selection | None = None) -> list[str]:
    """The tables that hold rows: not virtual ones, but what those keep theirs in."""
    meant = selection or Selection()
    found = conn.execute("select name from sqlite_master where type = 'table' and rootpage > 0 order by name")
    return [name for (name,) in found.fetchall() if meant.has("main", name)]


def sqlite_objects(conn: sqlite3.Connection) -> dict[Key, str]:
    """Every object of a SQLite file that a migration may lose. What SQLite makes by itself is told by its columns."""
    found: dict[Key, str] = {}
    master = conn.execute("select type, name, tbl_name, coalesce(sql, '') from sqlite_master").fetchall()
    for kind, name, table, sql in master:
        if kind in {"table", "view"}:
            found[Key(kind, "", name)] = sql
            found |= _columns(conn, name)
            found |= dict(_keys(conn, name))
        elif sql:
            found[Key(kind, table, name)] = sql
    return found


def _columns(conn: sqlite3.Connection, table: str) -> dict[Key, str]:
    found = conn.execute(f"pragma table_xinfo({quoted(table)})").fetchall()
    return {
        Key("column", table, name): type_
        + (" not null" if not_null else "")
        + (f" default {default}" if default is not None else "")
        for _position, name, type_, not_null, default, _primary, hidden in found
        if hidden != 1
    }


def _keys(conn: sqlite3.Connection, table: str) -> Iterator[tuple[Key, str]]:
    xinfo = conn.execute(f"pragma table_xinfo({quoted(table)})").fetchall()
    if primary := [row[1] for row in sorted(xinfo, key=lambda row: row[5]) if row[5]]:
        yield Key("primary key", table, ", ".join(primary)), ""
    for _position, index, _unique, origin, _partial in conn.execute(f"pragma index_list({quoted(table)})"):
        if origin == "u":
            columns = conn.execute(f"pragma index_info({quoted(index)})").fetchall()
            yield Key("unique key", table, ", ".join(str(column[2]) for column in columns)), ""
    foreign: dict[int, list[Any]] = {}
    for row in conn.execute(f"pragma foreign_key_list({quoted(table)})"):
        foreign.setdefault(row[0], []).append(row)
    for rows in foreign.values():
        yield Key("foreign key", table, ", ".join(row[3] for row in rows)), f"references {rows[0][2]}"
