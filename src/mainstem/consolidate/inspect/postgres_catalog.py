"""What PostgreSQL's catalog is asked about one schema."""

from __future__ import annotations

from typing import LiteralString

SCHEMAS: LiteralString = """
select distinct n.nspname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and n.nspname <> %(schema)s order by 1
"""

TABLES: LiteralString = """
select c.relname as name,
       case when c.relkind = 'f' then 'foreign table'
            when c.relkind = 'p' then 'partitioned table'
            when exists (select from pg_inherits i where i.inhparent = c.oid or i.inhrelid = c.oid) then 'inheritance tree'
            else 'table' end as kind,
       case when c.relkind = 'p'
            then (select coalesce(sum(greatest(l.reltuples, 0)), 0) from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid where t.isleaf)
            else c.reltuples end::bigint as rows,
       case when c.relkind = 'p' then (select coalesce(sum(pg_total_relation_size(t.relid)), 0) from pg_partition_tree(c.oid) t)
            else pg_total_relation_size(c.oid) end::bigint as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'f') and not c.relispartition
 order by c.relname
"""

COLUMNS: LiteralString = """
select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       coalesce(b.typname, t.typname) as base, not a.attnotnull as nullable,
       pg_get_expr(d.adbin, d.adrelid) as default, a.attgenerated <> '' as is_generated,
       (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e
         where e.enumtypid = coalesce(b.oid, t.oid)) as labels
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_type b on b.oid = t.typbasetype and t.typtype = 'd'
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
 where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'f') and not c.relispartition
 order by c.relname, a.attnum
"""

KEYS: LiteralString = """
select c.relname as table, i.indexrelid::regclass::text as name, i.indisprimary as is_primary,
       exists (select from unnest(i.indcollation) o (oid) join pg_collation l on l.oid = o.oid where not l.collisdeterministic)
         or exists (select from unnest(i.indclass) o (oid) join pg_opclass p on p.oid = o.oid where p.opcname = 'citext_ops') as is_folded,
       array(select a.attname::text from unnest(i.indkey) with ordinality k (number, place)
               join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
              where k.place <= i.indnkeyatts order by k.place) as columns
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = %(schema)s and c.relkind in ('r', 'p') and not c.relispartition
   and i.indisunique and i.indpred is null and i.indexprs is null and i.indisvalid
 order by c.relname, not i.indisprimary, 2
"""

LINKS: LiteralString = """
select c.relname as table, r.relname as parent, rn.nspname as parent_schema,
       array(select a.attname::text from unnest(k.conkey) with ordinality u (number, place)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number order by u.place) as columns,
       array(select a.attname::text from unnest(k.confkey) with ordinality u (number, place)
               join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number order by u.place) as parent_columns,
       case k.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default'
                          when 'r' then 'restrict' else 'no action' end as on_delete
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_class r on r.oid = k.confrelid join pg_namespace rn on rn.oid = r.relnamespace
 where n.nspname = %(schema)s and k.contype = 'f' and not c.relispartition and k.conparentid = 0
 order by c.relname, k.conname
"""

SEQUENCES: LiteralString = """
with owned as materialized (
  select c.relname, a.attname, s.oid
    from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
    join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
   where n.nspname = %(schema)s and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
     and d.deptype in ('a', 'i')
)
select relname as table, attname as name, coalesce(pg_sequence_last_value(oid), 0) as last
  from owned where has_sequence_privilege(oid, 'select')
"""

_OURS: LiteralString = """
with ours as (
  select c.oid, c.relname, c.relacl, c.relowner, c.relreplident from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'f') and not c.relispartition
)
"""

DEPENDANTS: LiteralString = (
    _OURS
    + r"""
select o.relname as table, case v.relkind when 'm' then 'materialized view' else 'view' end as kind,
       v.oid::regclass::text as name, '' as detail
  from ours o join pg_depend d on d.refobjid = o.oid and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_rewrite'::regclass
  join pg_rewrite w on w.oid = d.objid join pg_class v on v.oid = w.ev_class and v.oid <> o.oid
 group by 1, 2, 3
union all
select o.relname, 'foreign key', k.conrelid::regclass::text || '.' || k.conname, pg_get_constraintdef(k.oid)
  from ours o join pg_constraint k on k.confrelid = o.oid and k.contype = 'f' and k.conparentid = 0
union all
select o.relname, 'function', p.oid::regprocedure::text,
       case when p.prosqlbody is null then 'its body names the table' else 'it depends on the table' end
  from ours o join pg_proc p on p.prosrc ~ ('\m' || regexp_replace(o.relname, '([^[:alnum:]_])', '\\\1', 'g') || '\M')
       or exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                     and d.refclassid = 'pg_class'::regclass and d.refobjid = o.oid)
  join pg_namespace n on n.oid = p.pronamespace
 where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union all
select o.relname, 'trigger', t.tgname::text, pg_get_triggerdef(t.oid)
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
union all
select o.relname, 'rule', r.rulename::text, '' from ours o join pg_rewrite r on r.ev_class = o.oid and r.rulename <> '_RETURN'
union all
select o.relname, 'publication', p.pubname::text, case when p.puballtables then 'of all tables' else '' end
  from ours o join pg_publication p on p.puballtables
       or exists (select from pg_publication_rel r where r.prpubid = p.oid and r.prrelid = o.oid)
       or exists (select from pg_publication_namespace s where s.pnpubid = p.oid
                     and s.pnnspid = (select relnamespace from pg_class where oid = o.oid))
union all
select o.relname, 'sequence', s.oid::regclass::text, 'owned by ' || a.attname
  from ours o join pg_depend d on d.refobjid = o.oid and d.refclassid = 'pg_class'::regclass
       and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
  join pg_class s on s.oid = d.objid and s.relkind = 'S'
  join pg_attribute a on a.attrelid = o.oid and a.attnum = d.refobjsubid
union all
select o.relname, 'policy', p.polname::text, coalesce(pg_get_expr(p.polqual, p.polrelid), '')
  from ours o join pg_policy p on p.polrelid = o.oid
union all
select o.relname, 'grant', coalesce(r.rolname::text, 'public'), string_agg(lower(g.privilege_type), ', ' order by g.privilege_type)
  from ours o cross join aclexplode(o.relacl) g left join pg_roles r on r.oid = g.grantee
 where g.grantee <> o.relowner group by 1, 3
union all
select relname, 'replica identity', case relreplident when 'f' then 'full' when 'n' then 'nothing' else 'index' end, ''
  from ours where relreplident <> 'd'
 order by 1, 2, 3
"""
)

FACTS: LiteralString = (
    _OURS
    + """
select 'column' as what, o.relname::text as of, a.attname::text as name,
       concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                 pg_get_expr(d.adbin, d.adrelid)) as definition
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum
union all
select 'constraint', o.relname::text, k.conname::text, pg_get_constraintdef(k.oid)
  from ours o join pg_constraint k on k.conrelid = o.oid and k.contype <> 'n'
union all
select 'index', o.relname::text, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  from ours o join pg_index i on i.indrelid = o.oid
union all
select 'trigger', o.relname::text, t.tgname::text, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal and t.tgname !~ '^mainstem_'
union all
select 'policy', o.relname::text, p.polname::text,
       concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from ours o join pg_policy p on p.polrelid = o.oid
union all
select 'rule', o.relname::text, r.rulename::text, pg_get_ruledef(r.oid) from ours o join pg_rewrite r on r.ev_class = o.oid
union all
select 'labels', '', t.typname::text, (select string_agg(e.enumlabel::text, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
  from pg_type t where t.typtype = 'e' and exists (select from ours o join pg_attribute a on a.attrelid = o.oid and a.atttypid = t.oid)
"""
)
