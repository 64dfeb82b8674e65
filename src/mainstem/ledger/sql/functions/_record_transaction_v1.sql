create or replace function mainstem._record_transaction_v1(worker uuid, step mainstem._step_record) returns text
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  owner uuid;
begin
  perform mainstem._refuse_stricter_isolation();
  -- the fence comes last, after the step's own statements: a reaper that was faster has given the run away
  perform 1 from mainstem.user_workflow_worker w where w.worker_id = worker and w.reaped_at is null for key share;
  if not found then
    return 'lost';
  end if;
  select q.org_id into owner from mainstem.user_workflow_run_queue q where q.run_id = step.run_id and q.worker_id = worker and q.epoch = step.epoch;
  if not found then
    return 'lost';
  end if;
  update mainstem.user_workflow_run_step t  -- of an earlier attempt
     set status = step.status, retry_count = step.retry_count, started_at = moment - step.age_us * interval '1 microsecond',
         ended_at = moment - step.ended_us * interval '1 microsecond', duration_ms = (step.age_us - step.ended_us) / 1000,
         input_data = coalesce(step.input_data, t.input_data), output_data = step.output_data, screenshots = t.screenshots || coalesce(step.screenshots, '[]'),
         events = t.events || mainstem._fold_events(t.run_id, t.step_number) || coalesce(mainstem._stamp_events_v1(step.events, moment), '[]'),
         error_message = null, error_details = null, metadata = t.metadata - 'wait' || coalesce(step.metadata, '{}'), updated_at = moment
   where t.run_id = step.run_id and t.step_number = step.step_number and t.status in ('pending', 'running', 'waiting');
  if found then
    perform mainstem._note_change(owner, step.run_id, step.step_number, step.status);
    return 'recorded';
  elsif exists (select from mainstem.user_workflow_run_step t where t.run_id = step.run_id and t.step_number = step.step_number) then
    return 'over';
  end if;
  perform mainstem._record_steps_v1(worker, null, array[step]);
  perform pg_notify('mainstem_change', '');
  return 'recorded';
exception when unique_violation then  -- an earlier commit whose answer was lost was still under way
  return 'over';
end $$;
comment on function mainstem._record_transaction_v1(uuid, mainstem._step_record) is 'Record a step in the transaction in which its code has written, whose commit is both or neither. recorded; lost (the run is another''s: roll back); over (it was recorded before: roll back, and read it).';
