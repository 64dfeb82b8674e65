create or replace function mainstem._deliver_signal(run_id uuid, org_id uuid, name text, payload jsonb, sent_by uuid) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  new_id uuid;
  now_is text;
begin
  insert into mainstem.user_workflow_signal (run_id, org_id, name, payload, sent_by)
  values (_deliver_signal.run_id, _deliver_signal.org_id, _deliver_signal.name, _deliver_signal.payload, _deliver_signal.sent_by)
  returning signal_id into new_id;
  update mainstem.user_workflow_run_queue q
     set signals = q.signals + 1,
         state = case when q.state = 'waiting' and _deliver_signal.name = any (q.waiting_for) then 'ready' else q.state end,
         due_at = case when q.state = 'waiting' and _deliver_signal.name = any (q.waiting_for) then mainstem.clock() else q.due_at end
   where q.run_id = _deliver_signal.run_id
  returning q.state into now_is;
  perform pg_notify(case when now_is = 'owned' then 'mainstem_request' else 'mainstem_ready' end, '');
  return new_id;
end $$;
comment on function mainstem._deliver_signal(uuid, uuid, text, jsonb, uuid) is 'Put a signal before a run whose queue row the caller has locked, and wake it if it waits for this name.';
