create or replace function mainstem.send_workflow_signal_by_key(workflow text, key text, name text, payload jsonb default null, sent_by uuid default null) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  waited uuid;
  queued record;
  reached integer := 0;
begin
  perform mainstem._refuse_stricter_isolation();
  perform mainstem._refuse_own_name(send_workflow_signal_by_key.name);
  for waited in
    select r.run_id from mainstem.user_workflow_run r
     where r.org_id = mainstem.current_org() and r.external_id = send_workflow_signal_by_key.key and r.driver = 'engine' and r.ended_at is null
       and r.workflow_id = (select w.workflow_id from mainstem.user_workflow w
                             where w.org_id = mainstem.current_org() and w.name = send_workflow_signal_by_key.workflow)
     order by r.run_id
  loop
    select q.org_id into queued from mainstem.user_workflow_run_queue q where q.run_id = waited for no key update;
    if found then  -- else it has ended meanwhile
      perform mainstem._deliver_signal(waited, queued.org_id, send_workflow_signal_by_key.name, send_workflow_signal_by_key.payload, send_workflow_signal_by_key.sent_by);
      reached := reached + 1;
    end if;
  end loop;
  if reached = 0 then
    raise exception using errcode = 'MS001',
      message = format('no run of workflow %s with the external id %s is under way in this tenant''s ledger', quote_nullable(workflow), quote_nullable(key)),
      hint = 'Look at both names, then whether the run is over: mainstem runs list ''ext:…''.';
  end if;
  return reached;
end $$;
comment on function mainstem.send_workflow_signal_by_key(text, text, text, jsonb, uuid) is 'Send a signal to every run of a workflow whose external_id is the key and that is not over; to how many. All or none, their rows locked by id. Raises MS001 (there is none), MS008, MS010.';
