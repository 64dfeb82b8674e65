"""What a landing asks of the source's catalog, and the rows that it gets."""

from __future__ import annotations

from typing import Final, NamedTuple

KINDS: Final = {
    "p": "partitioned",
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "S": "a sequence",
    "c": "a composite type",
}


class Relation(NamedTuple):
    """A row of RELATIONS."""

    name: str
    oid: int
    kind: str
    inherits: str | None
    has_children: bool


RELATIONS: Final = """
select c.relname, c.oid::bigint, c.relkind::text,
       (select string_agg(i.inhparent::regclass::text, ', ') from pg_inherits i where i.inhrelid = c.oid),
       exists (select from pg_inherits i where i.inhparent = c.oid)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = %s and c.relname = any(%s)
"""


class Attribute(NamedTuple):
    """A row of COLUMNS: the type is what stands under domains and arrays."""

    table_oid: int
    name: str
    source_type: str
    is_not_null: bool
    default: str | None
    is_generated: bool
    sequence: str | None
    sequence_oid: int | None
    type_oid: int
    type_schema: str
    type_name: str
    type_kind: str
    formatted: str
    dimensions: int


COLUMNS: Final = """
with recursive stand (relation, number, type, modifier, dimensions, is_last) as (
  select a.attrelid, a.attnum, a.atttypid, a.atttypmod, 0, false
    from pg_attribute a where a.attrelid = any(%s::oid[]) and a.attnum > 0 and not a.attisdropped
  union all
  select s.relation, s.number,
         case when t.typtype = 'd' then t.typbasetype when e.oid is not null then e.oid else s.type end,
         case when t.typtype = 'd' then t.typtypmod else s.modifier end,
         s.dimensions + (t.typtype <> 'd' and e.oid is not null)::int,
         t.typtype <> 'd' and e.oid is null
    from stand s join pg_type t on t.oid = s.type left join pg_type e on e.typarray = t.oid
   where not s.is_last
)
select a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '',
       q.relname, q.oid::bigint, t.oid::bigint, n.nspname, t.typname, t.typtype::text, format_type(s.type, s.modifier), s.dimensions
  from stand s
  join pg_attribute a on a.attrelid = s.relation and a.attnum = s.number
  join pg_type t on t.oid = s.type join pg_namespace n on n.oid = t.typnamespace
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join lateral (
    select c.relname, c.oid
      from pg_depend p join pg_class c on c.oid = case when p.classid = 'pg_class'::regclass then p.objid else p.refobjid end
     where c.relkind = 'S'
       and (p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_class'::regclass
            or p.classid = 'pg_class'::regclass and p.refclassid = 'pg_class'::regclass and p.refobjid = a.attrelid
               and p.refobjsubid = a.attnum and p.deptype = 'i')
     limit 1) q on true
 where s.is_last
 order by a.attrelid, a.attnum
"""

KEYS: Final = """
select i.indrelid::bigint,
       (select array_agg(a.attname::text order by k.ordinality) from unnest(i.indkey::int2[]) with ordinality k (attnum, ordinality)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where k.ordinality <= i.indnkeyatts),
       i.indimmediate and not exists (select from unnest(i.indkey::int2[]) with ordinality k (attnum, ordinality)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum where k.ordinality <= i.indnkeyatts and not a.attnotnull)
  from pg_index i
 where i.indrelid = any(%s::oid[]) and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
 order by i.indrelid, not i.indisprimary, i.indexrelid
"""

REFERENCES: Final = """
select k.conrelid::bigint, k.confrelid::bigint from pg_constraint k
 where k.contype = 'f' and k.conrelid = any(%s::oid[]) and k.confrelid = any(%s::oid[])
"""

ENUMS: Final = """
select t.typname, array_agg(e.enumlabel::text order by e.enumsortorder)
  from pg_type t join pg_enum e on e.enumtypid = t.oid
 where t.oid = any(%s::oid[]) group by t.oid, t.typname
"""


class Counter(NamedTuple):
    """A row of SEQUENCES."""

    name: str
    type: str
    increment: int
    least: int
    most: int
    starts: int
    cycles: bool
    last: int | None


SEQUENCES: Final = """
select c.relname, format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcycle, pg_sequence_last_value(c.oid)
  from pg_sequence s join pg_class c on c.oid = s.seqrelid
 where c.oid = any(%s::oid[]) order by 1
"""
