"""What a PostgreSQL database has: its catalog as a picture. It reads the catalog and no row of any table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from mainstem.consolidate.review.declared import index_order, plain_unique
from mainstem.consolidate.review.picture import (
    Check,
    Column,
    Default,
    Element,
    Filling,
    ForeignKey,
    Index,
    Name,
    Picture,
    Table,
    Unique,
)
from mainstem.consolidate.sources.postgres import PINNED, READ_ONLY, Patience, configure, login
from mainstem.errors import NotReviewable
from mainstem.postgres import Session

Row = dict[str, Any]

APPLICATION = "mainstem review"
PATIENCE = Patience(lock=2, statement=30, idle_in_transaction=30)
ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

_TABLES: LiteralString = """
select c.oid, n.nspname as schema, c.relname as name, c.relkind in ('v', 'm') as is_view,
       c.relrowsecurity as row_security, c.relforcerowsecurity as row_security_forced,
       case when c.relkind in ('r', 'p', 'm') then
         (select sum(case when pg_stat_get_live_tuples(leaf.oid) > 0 then pg_stat_get_live_tuples(leaf.oid)
                          else greatest(leaf.reltuples, 0) end)::bigint
            from pg_class leaf
           where leaf.relkind in ('r', 'm')
             and (leaf.oid = c.oid or leaf.oid in (select relid from pg_partition_tree(c.oid)))) end as rows
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
   and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by 2, 3
"""
_COLUMNS: LiteralString = """
select a.attrelid as oid, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       not a.attnotnull as nullable, a.attidentity <> '' as is_identity, a.attgenerated <> '' as is_computed,
       pg_get_expr(d.adbin, d.adrelid) as expression
  from pg_attribute a
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attrelid = any(%s) and a.attnum > 0 and not a.attisdropped
 order by a.attrelid, a.attnum
"""
_CONSTRAINTS: LiteralString = """
select k.conrelid as oid, k.conname as name, k.contype::text as kind,
       array(select a.attname::text from unnest(k.conkey) with ordinality as key (number, place)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.number order by place) as columns,
       n.nspname as target_schema, f.relname as target,
       array(select a.attname::text from unnest(k.confkey) with ordinality as key (number, place)
               join pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.number order by place) as target_columns,
       k.confdeltype::text as on_delete, k.confupdtype::text as on_update,
       case when k.condeferred then 'DEFERRABLE INITIALLY DEFERRED' when k.condeferrable then 'DEFERRABLE' else '' end as deferrable,
       case when to_jsonb(k) ->> 'conenforced' = 'false' then 'not enforced'
            when not k.convalidated then 'not valid' else '' end as enforced,
       pg_get_expr(k.conbin, k.conrelid) as expression,
       coalesce(i.indnullsnotdistinct, false) as nulls_not_distinct
  from pg_constraint k
  left join pg_class f on f.oid = k.confrelid
  left join pg_namespace n on n.oid = f.relnamespace
  left join pg_index i on i.indexrelid = k.conindid
 where k.conrelid = any(%s) and k.contype in ('p', 'f', 'u', 'c', 'x') and k.conparentid = 0
 order by k.conrelid, k.conname
"""
_INDEXES: LiteralString = """
select i.indrelid as oid, c.relname as name, m.amname as method, i.indisunique as is_unique, i.indisvalid as is_valid,
       i.indnullsnotdistinct as nulls_not_distinct, pg_get_expr(i.indpred, i.indrelid) as predicate,
       (select jsonb_agg(jsonb_build_object(
                 'expression', coalesce(a.attname, pg_get_indexdef(i.indexrelid, place, false)),
                 'is_column', a.attname is not null, 'is_key', place <= i.indnkeyatts,
                 'descends', place <= i.indnkeyatts and i.indoption[place - 1] & 1 = 1,
                 'nulls', case when place <= i.indnkeyatts and i.indoption[place - 1] & 2 = 2 then 'first' else 'last' end,
                 'operators', o.opcname, 'is_usual', coalesce(o.opcdefault, true)) order by place)
          from generate_series(1, i.indnatts) place
          left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[place - 1]
          left join pg_opclass o on place <= i.indnkeyatts and o.oid = i.indclass[place - 1]) as parts
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  join pg_am m on m.oid = c.relam
 where i.indrelid = any(%s) and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
 order by i.indrelid, c.relname
"""
_ENUMS: LiteralString = """
select n.nspname as schema, t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
  from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace
 group by 1, 2
"""


@contextmanager
def reading(url: str, schemas: Iterable[str]) -> Iterator[Connection[Any]]:
    """A pinned connection that cannot write. Names without a schema are looked for in these: the code means them so.

    Raises Unreachable and RightsMissing; NotReviewable behind a transaction pooler, which keeps no settings.
    """
    if Session.at(url, role=None, application_name=APPLICATION).pooler == "transaction":
        raise NotReviewable(
            "the URL names a transaction pooler, which keeps no session settings",
            hint="give the address of the server itself",
        )
    with login(url, application_name=APPLICATION) as conn:
        configure(conn, {**PINNED, **PATIENCE.settings(), **READ_ONLY})
        path = SQL(", ").join(map(Identifier, dict.fromkeys(("pg_catalog", *schemas, *_extended(conn)))))
        configure(conn, {"search_path": path.as_string(conn)})
        yield conn


def _extended(conn: Connection[Any]) -> list[str]:
    """Schemas in which extensions put their types."""
    found = conn.execute(
        "select distinct n.nspname from pg_catalog.pg_extension e"
        " join pg_catalog.pg_namespace n on n.oid = e.extnamespace order by 1"
    )
    return [name for (name,) in found]


def found(conn: Connection[Any], schemas: list[str]) -> Picture:
    """The picture of these schemas. Partitions and what extensions brought are not in it."""
    tables = _rows(conn, _TABLES, schemas)
    oids = [table["oid"] for table in tables]
    columns = _by_table(_rows(conn, _COLUMNS, oids))
    constraints = _by_table(_rows(conn, _CONSTRAINTS, oids))
    indexes = _by_table(_rows(conn, _INDEXES, oids))
    pictures = [
        _table(row, columns.get(row["oid"], []), constraints.get(row["oid"], []), indexes.get(row["oid"], []))
        for row in tables
    ]
    enums = {Name(row["schema"], row["name"]): tuple(row["labels"]) for row in _rows(conn, _ENUMS)}
    return Picture({table.name: table for table in pictures}, enums)


def _rows(conn: Connection[Any], query: LiteralString, *parameters: Any) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters or None).fetchall()


def _by_table(rows: list[Row]) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["oid"], []).append(row)
    return grouped


def _table(row: Row, columns: list[Row], constraints: list[Row], indexes: list[Row]) -> Table:
    def of_kind(kind: str) -> list[Row]:
        return [constraint for constraint in constraints if constraint["kind"] == kind]

    made = [_index(index) for index in indexes]
    return Table(
        name=Name(row["schema"], row["name"]),
        columns={column["name"]: _column(column) for column in columns},
        primary_key=next((tuple(key["columns"]) for key in of_kind("p")), ()),
        foreign_keys=tuple(map(_foreign_key, of_kind("f"))),
        uniques=(*map(_unique, of_kind("u")), *(index for index in made if isinstance(index, Unique))),
        checks=tuple(Check(k["expression"], k["name"], k["enforced"]) for k in of_kind("c")),
        indexes=tuple(index for index in made if isinstance(index, Index)),
        exclusions=tuple(exclusion["name"] for exclusion in of_kind("x")),
        is_view=row["is_view"],
        row_security=row["row_security"],
        row_security_forced=row["row_security_forced"],
        rows=row["rows"],
    )


def _column(row: Row) -> Column:
    return Column(row["name"], row["type"], row["nullable"], _default(row))


def _default(row: Row) -> Default:
    expression = row["expression"] or ""
    if row["is_computed"]:
        return Default(Filling.COMPUTED, expression)
    if row["is_identity"] or expression.startswith("nextval("):
        return Default(Filling.NUMBERS)
    return Default(Filling.DEFAULT, expression) if expression else Default()


def _foreign_key(row: Row) -> ForeignKey:
    return ForeignKey(
        columns=tuple(row["columns"]),
        target=Name(row["target_schema"], row["target"]),
        target_columns=tuple(row["target_columns"]),
        on_delete=ACTIONS[row["on_delete"]],
        on_update=ACTIONS[row["on_update"]],
        deferrable=row["deferrable"],
        name=row["name"],
        enforced=row["enforced"],
    )


def _unique(row: Row) -> Unique:
    return Unique(tuple(row["columns"]), not row["nulls_not_distinct"], row["name"], row["deferrable"])


def _index(row: Row) -> Index | Unique:
    keys = [part for part in row["parts"] if part["is_key"]]
    return plain_unique(
        Index(
            elements=tuple(map(_element, keys)),
            unique=row["is_unique"],
            where=row["predicate"] or "",
            method=row["method"],
            include=tuple(part["expression"] for part in row["parts"] if not part["is_key"]),
            nulls_distinct=not row["nulls_not_distinct"],
            name=row["name"],
            valid=row["is_valid"],
        )
    )


def _element(part: Row) -> Element:
    return Element(
        expression=part["expression"],
        order=index_order(descends=part["descends"], nulls=part["nulls"]),
        operators=part["operators"] or "",
        is_usual=part["is_usual"],
        is_column=part["is_column"],
    )
