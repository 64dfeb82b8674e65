"""Dependants: what leans on a relation, and who uses it, as PostgreSQL's catalog and statistics have it."""

from __future__ import annotations

from typing import LiteralString

from mainstem.consolidate.lint.catalog import Name
from mainstem.consolidate.lint.live.postgres import PostgresLive


def leans_on(live: PostgresLive, name: Name) -> list[str]:
    """What a DROP … CASCADE would take with it: views, foreign keys, defaults by an owned sequence, at any depth."""
    oid = live.oid(name)
    return [] if oid is None else [said for (said,) in live.ask(_VICTIMS, [oid] * 3)]


def follows(live: PostgresLive, name: Name) -> list[str]:
    """What goes on pointing at the relation itself when another one takes its name."""
    oid = live.oid(name)
    return [] if oid is None else [said for (said,) in live.ask(_FOLLOWERS, [oid] * 4)]


def furnished(live: PostgresLive, name: Name) -> list[tuple[str, str]]:
    """What a new table in its place would lack: the kind (grant, comment, policy, …), and which."""
    oid = live.oid(name)
    return [] if oid is None else [(kind, said) for kind, said in live.ask(_FURNITURE, [oid] * 7)]


def used(live: PostgresLive, name: Name) -> str:
    """Whether anybody reads or writes it, as the end of a sentence; empty when the statistics know of nothing."""
    oid = live.oid(name)
    found = live.ask(_USE, [oid]) if oid is not None else []
    for scans, writes in found:
        return (
            f", read {scans} and written {writes} times since the statistics began" if scans or writes else ""
        )
    return ""


_VICTIMS: LiteralString = """
with recursive victims (classid, objid, objsubid) as (
  select d.classid, d.objid, d.objsubid from pg_depend d
   where d.refclassid = 'pg_class'::regclass and d.refobjid = %s and d.deptype in ('n', 'a')
  union
  select d.classid, d.objid, d.objsubid from pg_depend d join victims v
      on d.refclassid = v.classid and d.refobjid = v.objid and d.deptype in ('n', 'a', 'i'))
select distinct case
         when v.classid = 'pg_rewrite'::regclass then (select 'view ' || r.ev_class::regclass from pg_rewrite r where r.oid = v.objid)
         when v.classid = 'pg_attrdef'::regclass then
           (select 'default of ' || d.adrelid::regclass || '.' || a.attname from pg_attrdef d
              join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where d.oid = v.objid)
         else pg_describe_object(v.classid, v.objid, v.objsubid) end
  from victims v
 where v.classid in ('pg_rewrite'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_proc'::regclass)
   and not (v.classid = 'pg_constraint'::regclass and exists (
     select from pg_constraint c where c.oid = v.objid and (c.contype <> 'f' or c.conrelid = %s)))
   and not (v.classid = 'pg_attrdef'::regclass and exists (
     select from pg_attrdef d where d.oid = v.objid and d.adrelid = %s))
 order by 1
"""

_FOLLOWERS: LiteralString = """
select distinct 'view ' || r.ev_class::regclass from pg_rewrite r join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass
 where d.refclassid = 'pg_class'::regclass and d.refobjid = %s and r.ev_class <> d.refobjid
union all
select 'foreign key ' || c.conname || ' of ' || c.conrelid::regclass from pg_constraint c
 where c.contype = 'f' and c.confrelid = %s and c.conrelid <> c.confrelid
union all
select distinct 'function ' || d.objid::regprocedure from pg_depend d
 where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = %s
union all
select 'publication ' || p.pubname from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = %s
 order by 1
"""

_FURNITURE: LiteralString = """
select 'grant', a.privilege_type || ' to ' || coalesce(r.rolname, 'public') from pg_class c
 cross join aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee where c.oid = %s and a.grantee <> c.relowner
union all
select 'comment', 'comment' || case when d.objsubid > 0 then ' on a column' else '' end from pg_description d
 where d.classoid = 'pg_class'::regclass and d.objoid = %s
union all
select 'policy', 'policy ' || polname from pg_policy where polrelid = %s
union all
select 'row level security', 'row level security' from pg_class where oid = %s and relrowsecurity
union all
select 'publication', 'publication ' || p.pubname from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = %s
union all
select 'replica identity', 'replica identity' from pg_class where oid = %s and relreplident in ('f', 'i')
union all
select 'statistics', 'statistics ' || stxname from pg_statistic_ext where stxrelid = %s
"""

_USE: LiteralString = """
select coalesce(seq_scan, 0) + coalesce(idx_scan, 0), n_tup_ins + n_tup_upd + n_tup_del
  from pg_stat_all_tables where relid = %s
"""
