create or replace function mainstem.send_workflow_signal(run_id uuid, name text, payload jsonb default null, sent_by uuid default null) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  queued record;
  run record;
begin
  perform mainstem._refuse_stricter_isolation();
  perform mainstem._refuse_own_name(send_workflow_signal.name);
  -- the lock first, all else in statements of their own: one statement would decide by a snapshot older than the lock
  select q.org_id into queued from mainstem.user_workflow_run_queue q
   where q.run_id = send_workflow_signal.run_id for no key update;
  if not found then
    select r.driver, r.status into run from mainstem.user_workflow_run r where r.run_id = send_workflow_signal.run_id;
    if not found then
      perform mainstem._refuse_missing_run(send_workflow_signal.run_id);
    elsif run.driver <> 'engine' then
      raise exception using errcode = 'MS009', message = format('run %s is not moved by the engine: nothing in it waits', send_workflow_signal.run_id),
        hint = 'Signals are for workflows that call wait_for_signal.';
    end if;
    perform mainstem._refuse_run_over(send_workflow_signal.run_id, run.status);
  end if;
  return mainstem._deliver_signal(send_workflow_signal.run_id, queued.org_id, send_workflow_signal.name, send_workflow_signal.payload, send_workflow_signal.sent_by);
end $$;
comment on function mainstem.send_workflow_signal(uuid, text, jsonb, uuid) is 'Send a signal to a run: taken by its next wait for this name, in the order of sending, whether sent before, during or after the wait begins. Each call sends another. Raises MS001, MS003 (the run is over), MS008, MS009, MS010 (a name of our own).';
