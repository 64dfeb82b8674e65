create or replace function mainstem._ready_in_v1() returns double precision
language sql volatile
as $$
  select extract(epoch from min(q.due_at) - mainstem.clock())::double precision
    from mainstem.user_workflow_run_queue q where q.state = 'waiting' and q.due_at < 'infinity'
$$;
comment on function mainstem._ready_in_v1() is 'Seconds until the next waiting run is due: a worker with nothing to do sleeps no longer. NULL when none is.';
