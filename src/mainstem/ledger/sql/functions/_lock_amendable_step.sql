create or replace function mainstem._lock_amendable_step(step_id uuid)
returns table (run_id uuid, step_number integer, org_id uuid, run_status text, at_breakpoint boolean)
language plpgsql
as $$
#variable_conflict use_column
declare
  run_of uuid := mainstem.run_of(_lock_amendable_step.step_id);
  run record;
  step record;
begin
  perform mainstem._refuse_stricter_isolation();
  perform 1 from mainstem.user_workflow_run_queue q where q.run_id = run_of for update;
  select r.org_id, r.status, r.driver, r.error_details ->> 'type' = 'Breakpoint' as at_breakpoint into run
    from mainstem.user_workflow_run r where r.run_id = run_of for no key update;
  if not found then
    perform mainstem._refuse_missing_run(run_of);
  elsif run.status in ('completed', 'cancelled') then
    perform mainstem._refuse_run_over(run_of, run.status);
  elsif run.status not in ('failed', 'timeout', 'paused') and not (run.driver = 'caller' and run.status = 'running') then
    raise exception using errcode = 'MS006', message = format('run %s is %s: its steps are its worker''s', run_of, run.status),
      hint = 'A step is patched or skipped when its run has failed, timed out or is paused.';
  end if;
  select s.step_number, s.status, s.error_message, s.metadata into step from mainstem.user_workflow_run_step s
   where s.run_id = run_of and s.step_number = mainstem.step_number_of(_lock_amendable_step.step_id) for no key update;
  if not found then
    raise exception using errcode = 'MS001', message = format('no step %s in this tenant''s ledger', _lock_amendable_step.step_id),
      hint = 'Look at the run''s steps: mainstem runs show RUN_ID.';
  elsif not (step.status = 'failed' or step.status = 'cancelled' and step.error_message = 'the run ended first' or step.metadata ? 'amended'
             or step.status = 'pending' and step.metadata ? 'breakpoint') then
    raise exception using errcode = 'MS006', message = format('step %s of run %s is %s, not failed', step.step_number, run_of, step.status),
      hint = 'Only a step that failed, that its run''s end cut short or that stands at a breakpoint is patched or skipped.';
  end if;
  return query select run_of, step.step_number, run.org_id, run.status::text, coalesce(run.at_breakpoint, false);
end $$;
comment on function mainstem._lock_amendable_step(uuid) is 'Lock a step that a person may end, its run and its queue row, in the order of the house. Raises MS001, MS003 (the run is completed or cancelled), MS006 (it did not fail), MS008.';
