create or replace function mainstem.rebuild_workflow_queue() returns bigint
language plpgsql
as $$
#variable_conflict use_column
declare
  made bigint;
begin
  perform mainstem._refuse_stricter_isolation();
  with waits as (
    select s.run_id, min((s.metadata -> 'wait' ->> 'due')::timestamptz) as due,
           array_agg(s.metadata -> 'wait' ->> 'signal') filter (where s.metadata -> 'wait' ->> 'signal' is not null) as names
      from mainstem.user_workflow_run_step s where s.status = 'waiting' group by s.run_id)
  insert into mainstem.user_workflow_run_queue (run_id, org_id, queue, state, priority, due_at, waiting_for, signals, epoch, concurrency_key, deadline_at)
  select r.run_id, r.org_id, coalesce(r.metadata ->> 'queue', 'default'),
         case when r.status = 'paused' then 'paused'
              when r.status = 'waiting' and not sent.taken_next then 'waiting' else 'ready' end,
         r.priority,
         case when r.status = 'waiting' and not sent.taken_next then least(coalesce(w.due, 'infinity'), (r.metadata ->> 'deadline')::timestamptz) else mainstem.clock() end,
         case when r.status = 'waiting' and not sent.taken_next then coalesce(w.names, '{}') else '{}' end,
         sent.count, coalesce((r.metadata ->> 'epoch')::integer, 0) + 1000000, r.metadata ->> 'concurrency_key', (r.metadata ->> 'deadline')::timestamptz
    from mainstem.user_workflow_run r
    left join waits w on w.run_id = r.run_id
    cross join lateral (select count(*)::integer as count, coalesce(bool_or(s.name = any (w.names)), false) as taken_next
                          from mainstem.user_workflow_signal s where s.run_id = r.run_id) sent
   where r.driver = 'engine' and r.status in ('pending', 'running', 'waiting', 'paused')
  on conflict (run_id) do nothing;
  get diagnostics made = row_count;
  return made;
end $$;
comment on function mainstem.rebuild_workflow_queue() is 'Make the queue rows that are missing for engine runs that are not over, from the runs, their waiting steps and their signals; gives how many. Epochs begin a million higher, so that no earlier owner writes.';
