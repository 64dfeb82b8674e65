create or replace function mainstem.cancel_workflow_run(run_id uuid, reason text default null) returns text
language plpgsql
as $$
#variable_conflict use_column
declare
  queued record;
  run record;
begin
  perform mainstem._refuse_stricter_isolation();
  -- from the parent down: the end of a run that another waits for is told under that one's lock
  perform 1 from mainstem.user_workflow_run_queue q
   where q.run_id = (select mainstem.run_of(r.parent_step_id) from mainstem.user_workflow_run r where r.run_id = cancel_workflow_run.run_id) for no key update;
  select q.org_id, q.state, q.epoch into queued from mainstem.user_workflow_run_queue q
   where q.run_id = cancel_workflow_run.run_id for update;
  if found and queued.state = 'owned' then
    update mainstem.user_workflow_run_queue q
       set cancel_requested_at = coalesce(q.cancel_requested_at, mainstem.clock()), cancel_reason = coalesce(q.cancel_reason, cancel_workflow_run.reason)
     where q.run_id = cancel_workflow_run.run_id;
    perform pg_notify('mainstem_request', '');
    return 'requested';
  end if;
  perform mainstem._cancel_children(cancel_workflow_run.run_id, cancel_workflow_run.reason);
  select r.org_id, r.status, r.driver into run from mainstem.user_workflow_run r where r.run_id = cancel_workflow_run.run_id for no key update;
  if not found then
    perform mainstem._refuse_missing_run(cancel_workflow_run.run_id);
  elsif run.status in ('completed', 'failed', 'cancelled', 'timeout') then
    perform mainstem._refuse_run_over(cancel_workflow_run.run_id, run.status);
  end if;
  perform mainstem._fold_run(cancel_workflow_run.run_id, 'cancelled', coalesce(cancel_workflow_run.reason, 'cancelled'), null, null, null, queued.epoch);
  delete from mainstem.user_workflow_run_queue q where q.run_id = cancel_workflow_run.run_id;
  perform mainstem._note_change(run.org_id, cancel_workflow_run.run_id, 0, 'cancelled');
  return 'cancelled';
end $$;
comment on function mainstem.cancel_workflow_run(uuid, text) is 'Cancel a run: at once when nobody works on it (gives cancelled), else by a request that its worker follows (gives requested; asking again changes nothing). Runs that it began and waits for are cancelled with it. Raises MS001, MS003 (it is over).';
