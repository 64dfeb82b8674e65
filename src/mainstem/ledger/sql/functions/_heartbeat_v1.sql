create or replace function mainstem._heartbeat_v1(worker uuid)
returns table (run_id uuid, epoch integer, cancel_requested boolean, cancel_reason text, signals integer)
language plpgsql
as $$
#variable_conflict use_column
begin
  update mainstem.user_workflow_worker w set heartbeat_at = mainstem.clock() where w.worker_id = worker and w.reaped_at is null;
  if not found then
    raise exception using errcode = 'MS002', message = format('worker %s was silent for too long and its runs went to others', worker),
      hint = 'Stop what it runs, register a new incarnation and claim again.';
  end if;
  return query
    select q.run_id, q.epoch, q.cancel_requested_at is not null, q.cancel_reason, q.signals
      from mainstem.user_workflow_run_queue q where q.worker_id = worker and q.state = 'owned' and (q.cancel_requested_at is not null or q.signals > 0);
end $$;
comment on function mainstem._heartbeat_v1(uuid) is 'Renew a worker''s lease; gives what is asked of the runs that it owns. Raises MS002 when it was reaped.';
