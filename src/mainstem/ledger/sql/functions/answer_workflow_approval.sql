create or replace function mainstem.answer_workflow_approval(step_id uuid, answer jsonb, answered_by text default null) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  asked uuid := mainstem.run_of(answer_workflow_approval.step_id);
  number integer := mainstem.step_number_of(answer_workflow_approval.step_id);
  queued record;
  step record;
  why text;
begin
  perform mainstem._refuse_stricter_isolation();
  select q.org_id into queued from mainstem.user_workflow_run_queue q where q.run_id = asked for no key update;
  select s.status, s.node_key, s.metadata -> 'timed_out' as timed_out, (s.metadata -> 'wait' ->> 'due')::timestamptz as due into step
    from mainstem.user_workflow_run_step s where s.run_id = asked and s.step_number = number;
  if not found or step.node_key is null or step.node_key not like 'approval:%' then
    raise exception using errcode = 'MS001', message = format('no approval %s in this tenant''s ledger', coalesce(answer_workflow_approval.step_id::text, 'NULL')),
      hint = 'Look at the id: mainstem approvals list; then at the tenant.';
  end if;
  why := case when step.timed_out is not null or step.due <= mainstem.clock() then 'its deadline has passed'
              when step.status <> 'waiting' then format('it is %s', step.status)
              when queued.org_id is null then 'its run is over'
              when exists (select from mainstem.user_workflow_signal g where g.run_id = asked and g.name = 'mainstem:approval:' || number) then 'it was answered already' end;
  if why is not null then
    raise exception using errcode = 'MS005', message = format('approval %s takes no answer: %s', answer_workflow_approval.step_id, why),
      hint = 'The first answer stands. Read the run to see it: mainstem runs show RUN_ID.';
  end if;
  return mainstem._deliver_signal(asked, queued.org_id, 'mainstem:approval:' || number,
    jsonb_build_object('answer', answer_workflow_approval.answer, 'by', answer_workflow_approval.answered_by), null);
end $$;
comment on function mainstem.answer_workflow_approval(uuid, jsonb, text) is 'Answer an approval that a run waits for: once. The answer is not checked against the form here; clients and servers do so before. Gives the signal''s id. Raises MS001, MS005 (answered, too late, over), MS008.';
