create or replace function mainstem.get_workflow_context(run_id uuid, key varchar default null)
returns table (key varchar, value jsonb, created_at timestamptz, updated_at timestamptz)
language sql stable
as $$
  select c.key, c.value, c.created_at, c.updated_at
    from mainstem.user_workflow_run_context c
   where c.run_id = get_workflow_context.run_id
     and (get_workflow_context.key is null or c.key = get_workflow_context.key)
  union all
  select folded.key::varchar, folded.value,
         (r.metadata -> 'context_times' -> folded.key ->> 0)::timestamptz,
         (r.metadata -> 'context_times' -> folded.key ->> 1)::timestamptz
    from mainstem.user_workflow_run r cross join lateral jsonb_each(r.context) folded
   where r.run_id = get_workflow_context.run_id
     and (get_workflow_context.key is null or folded.key = get_workflow_context.key)
     and not exists (select from mainstem.user_workflow_run_context c where c.run_id = r.run_id and c.key = folded.key)
   order by 1
$$;
comment on function mainstem.get_workflow_context(uuid, varchar) is 'All keys of a run''s context by name, or one; live and folded read as one. No rows for a key or a run that is not there.';
