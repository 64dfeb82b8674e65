"""The catalog as far as a mapping needs it: columns and keys of the old tables, and columns of ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from mainstem.errors import MappingRefused

_COLUMNS = """
select c.relname, a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
                                         case when t.typbasetype <> 0 then t.typtypmod else a.atttypmod end),
       a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '', a.attidentity <> '', t.typtype = 'e'
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
 where n.nspname = any(%s) and c.relname = any(%s) and c.relkind in ('r', 'p')
 order by c.relname, a.attnum
"""
_KEYS = """
select c.relname, array_agg(a.attname order by k.ordinality)
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  cross join lateral unnest(i.indkey::int2[]) with ordinality k (attnum, ordinality)
  join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
 where i.indisprimary and n.nspname = any(%s) and c.relname = any(%s)
 group by c.relname
"""
_UNIQUE = """
select c.relname, (select array_agg(a.attname order by k.ordinality) from unnest(i.indkey::int2[]) with ordinality k (attnum, ordinality)
                     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum)
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
 where i.indisunique and not i.indisprimary and i.indpred is null and i.indexprs is null and n.nspname = any(%s) and c.relname = any(%s)
"""
_REFERENCES = """
select c.relname, a.attname, format('%%I.%%I', n.nspname, f.relname), fa.attname
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace own on own.oid = c.relnamespace
  join pg_class f on f.oid = k.confrelid
  join pg_namespace n on n.oid = f.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
  join pg_attribute fa on fa.attrelid = f.oid and fa.attnum = k.confkey[1]
 where k.contype = 'f' and cardinality(k.conkey) = 1 and own.nspname = any(%s) and c.relname = any(%s)
   and n.nspname = %s and f.relname = any(%s)
"""


@dataclass(frozen=True)
class Column:
    """A column, its type as PostgreSQL writes it (a domain as what it stands on)."""

    name: str
    type: str
    not_null: bool
    default: str | None = None
    is_generated: bool = False
    is_identity: bool = False
    is_enum: bool = False
    references: tuple[str, str] | None = None
    """The table that stays, and its column, that a value of this one is looked up in."""


@dataclass(frozen=True)
class Catalog:
    """Old tables and ours: name to columns, in order."""

    old: dict[str, dict[str, Column]]
    old_keys: dict[str, list[str]]
    ours: dict[str, dict[str, Column]] = field(default_factory=dict)
    our_keys: dict[str, list[str]] = field(default_factory=dict)
    old_uniques: dict[str, list[list[str]]] = field(default_factory=dict)
    """Old table to the columns of each unique key beside the primary one."""


def read_catalog(
    conn: psycopg.Connection[Any],
    schema: str,
    tables: Iterable[str],
    ours: Iterable[str],
    *,
    aside: Iterable[str] = (),
    standing: Iterable[str] = (),
) -> Catalog:
    """Raises MappingRefused for a table that is not there.

    `aside`: schemas where tables are that moved, after a cut-over. `standing`: those that stay, and are referred to as before.
    """
    wanted, schemas = list(tables), [schema, *aside]
    old = _columns(conn, schemas, wanted)
    if missing := set(wanted) - old.keys():
        raise MappingRefused(
            f"tables of the mapping are not in schema {schema}: {', '.join(sorted(missing))}",
            hint="Look at `mainstem consolidate inspect`, and at source.schema of the mapping.",
        )
    for table, column, other, other_column in conn.execute(
        _REFERENCES, [schemas, wanted, schema, list(standing)]
    ).fetchall():
        old[table][column] = replace(old[table][column], references=(other, other_column))
    keys = _keys(conn, schemas, wanted)
    uniques: dict[str, list[list[str]]] = {}
    for table, columns in conn.execute(_UNIQUE, [schemas, wanted]).fetchall():
        uniques.setdefault(table, []).append(list(columns))
    targets = list(ours)
    return Catalog(
        old, keys, _columns(conn, ["mainstem"], targets), _keys(conn, ["mainstem"], targets), uniques
    )


def _keys(conn: psycopg.Connection[Any], schemas: list[str], tables: list[str]) -> dict[str, list[str]]:
    return {table: list(columns) for table, columns in conn.execute(_KEYS, [schemas, tables]).fetchall()}


def _columns(
    conn: psycopg.Connection[Any], schemas: list[str], tables: list[str]
) -> dict[str, dict[str, Column]]:
    found: dict[str, dict[str, Column]] = {}
    for table, *column in conn.execute(_COLUMNS, [schemas, tables]).fetchall():
        found.setdefault(table, {})[column[0]] = Column(*column)
    return found
