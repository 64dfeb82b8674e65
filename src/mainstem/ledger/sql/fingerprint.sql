-- Every object of the schema and its definition: what an installation stores and a start-up compares.
-- Partitions are left out (they come and go); so is whatever the stored list does not name (your own index, view, function).
select object, definition from (
  select format('column %s.%s', c.relname, a.attname) as object,
         concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                   'default ' || pg_get_expr(d.adbin, d.adrelid)) as definition
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
   where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  union all
  select format('constraint %s.%s', c.relname, k.conname), pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_class c on c.oid = k.conrelid
   where c.relnamespace = 'mainstem'::regnamespace and not c.relispartition and k.conparentid = 0 and k.contype <> 'n'
  union all
  select format('index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    from pg_index i join pg_class c on c.oid = i.indrelid
   where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
  union all
  select format('row security %s', c.relname), concat_ws(' ', case when c.relrowsecurity then 'enabled' else 'disabled' end, case when c.relforcerowsecurity then 'forced' end)
    from pg_class c where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  union all
  select format('policies %s', c.relname),
         (select string_agg(concat_ws(' ', p.polname, p.polpermissive, p.polcmd,
                   (select string_agg(r.rolname, ',' order by r.rolname) from pg_roles r where r.oid = any (p.polroles)),
                   pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), '; ' order by p.polname)
            from pg_policy p where p.polrelid = c.oid)
    from pg_class c where c.relnamespace = 'mainstem'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  union all
  select format('function %s', p.oid::regprocedure), format('%s %s', pg_get_userbyid(p.proowner), md5(pg_get_functiondef(p.oid)))
    from pg_proc p where p.pronamespace = 'mainstem'::regnamespace
  union all
  select format('view %s', c.relname), format('%s %s', c.reloptions, md5(pg_get_viewdef(c.oid)))
    from pg_class c where c.relnamespace = 'mainstem'::regnamespace and c.relkind = 'v'
  union all
  select format('trigger %s.%s', c.relname, t.tgname), format('%s %s', t.tgenabled, pg_get_triggerdef(t.oid))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
   where c.relnamespace = 'mainstem'::regnamespace and not t.tgisinternal and not c.relispartition
  union all
  select format('domain %s', t.typname), (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.contypid = t.oid)
    from pg_type t where t.typnamespace = 'mainstem'::regnamespace and t.typtype = 'd'
  union all
  select format('type %s', t.typname),
         (select string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
            from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
    from pg_type t join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
   where t.typnamespace = 'mainstem'::regnamespace
) objects
 where object !~ 'user_workflow_(run|run_step|event)_p[0-9]{6}'  -- of a leaf that is detached and not yet dropped; long names are cut
