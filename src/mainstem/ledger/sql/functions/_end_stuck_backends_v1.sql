create or replace function mainstem._end_stuck_backends_v1() returns integer
language plpgsql
set role to none  -- a login may look at, and end, its own backends; the role that it took on may not
as $$
declare
  ended integer;
begin
  -- a stopped process can hold its fence open between Execute and Sync, where no timeout of the server counts
  select count(*) filter (where pg_terminate_backend(a.pid)) into ended
    from mainstem.user_workflow_worker w
    join pg_stat_activity a on a.pid = w.backend_pid and a.backend_start = w.backend_start
   where w.reaped_at is null and w.heartbeat_at < mainstem.clock() - 2 * w.ttl
     and a.state in ('active', 'idle in transaction') and a.wait_event = 'ClientRead';
  return ended;
end $$;
comment on function mainstem._end_stuck_backends_v1() is 'End the recorder backends of workers silent for twice their ttl that wait for their client inside a transaction; gives how many. The next _reap_v1 then finds their rows free. Workers must share a login for it.';
