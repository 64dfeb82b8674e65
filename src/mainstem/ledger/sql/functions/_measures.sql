create or replace function mainstem._measures()
returns table (measure text, label text, amount double precision)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select 'queue_depth', q.state, count(*)::double precision from mainstem.user_workflow_run_queue q group by q.state;
  return query
    select 'oldest_ready_seconds', q.queue, extract(epoch from mainstem.clock() - min(q.due_at))::double precision
      from mainstem.user_workflow_run_queue q where q.state = 'ready' group by q.queue;
  return query
    select 'runs_in_five_minutes', t.state, count(*)::double precision
      from mainstem.user_workflow_change c, unnest(c.step_numbers, c.states) as t (step_number, state)
     where c.at > mainstem.clock() - interval '5 minutes' and t.step_number = 0 group by t.state;
  return query
    select 'workers_live', '', count(*)::double precision from mainstem.user_workflow_worker w
     where w.reaped_at is null and w.heartbeat_at > mainstem.clock() - w.ttl;
end $$;
comment on function mainstem._measures() is 'What a server tells its monitoring: numbers over all tenants, no row of anybody.';
