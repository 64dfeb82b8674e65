create or replace function mainstem.find_by_any_id(wanted_run uuid, wanted_step uuid, legacy_id bigint, called text)
returns table (run_id uuid, step_id uuid, by text)
language plpgsql stable
as $$
#variable_conflict use_column
declare
  old_id uuid;
begin
  return query
    select r.run_id, find_by_any_id.wanted_step, case when find_by_any_id.wanted_step is null then 'run' else 'step' end
      from mainstem.user_workflow_run r
     where r.run_id = find_by_any_id.wanted_run
       and (find_by_any_id.wanted_step is null or exists (
            select from mainstem.user_workflow_run_step s
             where s.run_id = find_by_any_id.wanted_run and s.step_number = mainstem.step_number_of(find_by_any_id.wanted_step)));
  if found then return; end if;
  return query
    select r.run_id, null::uuid, 'external id' from mainstem.user_workflow_run r
     where r.org_id = mainstem.current_org() and r.external_id = find_by_any_id.called order by r.run_id desc limit 1;
  if found then return; end if;
  -- where old tables were consolidated; its key is asked by an index, and what it names must be this tenant's
  if exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname = 'mainstem_consolidation' and c.relname = 'consolidation_id'
                and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')) then
    for old_id in execute 'select new_id from mainstem_consolidation.consolidation_id where old_key = $1 order by new_id desc' using find_by_any_id.called loop
      return query
        select r.run_id, nullif(old_id, r.run_id), 'old key' from mainstem.user_workflow_run r where r.run_id = mainstem.run_of(old_id);
      if found then return; end if;
    end loop;
  end if;
  if find_by_any_id.legacy_id is null then return; end if;
  -- a column that was dropped is one of NULLs: its name is then found further out
  return query
    select r.run_id, null::uuid, 'legacy run'
      from (select null::bigint as legacy_trace_id) absent
     cross join lateral (
           select run_id from mainstem.user_workflow_run
            where org_id = mainstem.current_org() and legacy_trace_id = find_by_any_id.legacy_id order by run_id desc limit 1) r;
  if found then return; end if;
  return query
    select s.run_id, s.step_id, 'legacy step'
      from (select null::bigint as legacy_step_id) absent
     cross join lateral (
           select run_id, step_id from mainstem.user_workflow_run_step
            where org_id = mainstem.current_org() and legacy_step_id = find_by_any_id.legacy_id order by run_id desc limit 1) s;
end $$;
comment on function mainstem.find_by_any_id(uuid, uuid, bigint, text) is 'The run or the step that an id names in this tenant: the run''s or the step''s own, an external id (of several the latest), a key or a number from before a consolidation.';
