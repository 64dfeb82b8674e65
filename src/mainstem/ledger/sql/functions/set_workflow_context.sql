create or replace function mainstem.set_workflow_context(run_id uuid, key varchar, value jsonb) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  org uuid;
  driver text;
  status text;
  since timestamptz;
  moment timestamptz;
begin
  perform mainstem._refuse_stricter_isolation();
  if coalesce(set_workflow_context.key, '') = '' or set_workflow_context.value is null then
    raise exception using errcode = 'MS010', message = 'a context entry needs a key and a value',
      hint = 'The JSON null is written ''null''::jsonb.';
  end if;
  -- a failed run that was taken back has folded keys: they keep the time of their first setting
  select r.org_id, r.driver, r.metadata -> 'context_times' -> set_workflow_context.key ->> 0 into org, driver, since
    from mainstem.user_workflow_run r where r.run_id = set_workflow_context.run_id;
  if not found then
    perform mainstem._refuse_missing_run(set_workflow_context.run_id);
  end if;
  if driver = 'engine' then
    -- the queue row, shared: claims and heartbeats do not meet this lock, the end of the run does and comes back
    perform 1 from mainstem.user_workflow_run_queue q where q.run_id = set_workflow_context.run_id for key share;
  else
    perform 1 from mainstem.user_workflow_run r where r.run_id = set_workflow_context.run_id
       and r.status not in ('completed', 'failed', 'cancelled', 'timeout') for no key update;
  end if;
  if not found then
    select r.status into status from mainstem.user_workflow_run r where r.run_id = set_workflow_context.run_id;
    perform mainstem._refuse_run_over(set_workflow_context.run_id, status);
  end if;
  moment := mainstem.clock();
  insert into mainstem.user_workflow_run_context as c (run_id, key, value, org_id, created_at, updated_at)
  values (set_workflow_context.run_id, set_workflow_context.key, set_workflow_context.value, org, coalesce(since, moment), moment)
  on conflict (run_id, key) do update set value = excluded.value, updated_at = excluded.updated_at;
end $$;
comment on function mainstem.set_workflow_context(uuid, varchar, jsonb) is 'Set one key of a run''s context; setting it again replaces the whole value and keeps created_at. Never waits for the run''s worker. Raises MS001, MS003 (the run is over), MS010.';
