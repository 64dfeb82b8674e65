create or replace function mainstem._amend_step(step_id uuid, status text, output_data jsonb, reason text, amended_by text, go_on boolean) returns text
language plpgsql
as $$
#variable_conflict use_column
declare
  step record;
  moment timestamptz;
  how text := case _amend_step.status when 'skipped' then 'step_skipped' else 'step_patched' end;
begin
  select * into step from mainstem._lock_amendable_step(_amend_step.step_id);
  moment := mainstem.clock();
  update mainstem.user_workflow_run_step s
     set status = _amend_step.status, output_data = _amend_step.output_data, error_message = null, error_details = null,
         started_at = coalesce(s.started_at, moment), ended_at = greatest(moment, s.started_at), duration_ms = 0, updated_at = moment,
         metadata = s.metadata - 'wait' || jsonb_build_object('amended', jsonb_strip_nulls(jsonb_build_object(
           'how', _amend_step.status, 'by', _amend_step.amended_by, 'reason', _amend_step.reason, 'at', moment))),
         events = s.events || mainstem._old_ending(how, moment, to_jsonb(s.retry_count), s.error_message, s.error_details, s.output_data, s.started_at, s.ended_at)
   where s.run_id = step.run_id and s.step_number = step.step_number;
  perform mainstem._note_change(step.org_id, step.run_id, step.step_number, _amend_step.status);
  if not coalesce(_amend_step.go_on, true) or step.run_status = 'running' then
    return step.run_status;
  elsif step.at_breakpoint and step.run_status = 'paused' then
    perform mainstem.resume_workflow_run(step.run_id);
    return 'pending';
  end if;
  return mainstem.retry_workflow_run(step.run_id);
end $$;
comment on function mainstem._amend_step(uuid, text, jsonb, text, text, boolean) is 'End a step as a person says; what it was before is kept in its events. go_on: and take its run back. Gives the run''s status then.';
