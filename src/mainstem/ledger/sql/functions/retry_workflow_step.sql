create or replace function mainstem.retry_workflow_step(step_id uuid, input_data jsonb default null)
returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  step record;
  moment timestamptz;
begin
  select * into step from mainstem._lock_caller_step(retry_workflow_step.step_id);
  if step.status <> 'failed' then
    raise exception using errcode = 'MS006', message = format('step %s of run %s is %s, not failed', step.step_number, step.run_id, step.status),
      hint = 'Only a failed step is retried.';
  end if;
  if step.run_status in ('completed', 'cancelled') then
    perform mainstem._refuse_run_over(step.run_id, step.run_status);
  end if;
  moment := mainstem.clock();
  update mainstem.user_workflow_run r
     set status = 'running', ended_at = null, duration_ms = null, error_message = null, error_details = null, updated_at = moment,
         events = r.events || mainstem._old_ending('run_retried', moment, to_jsonb(r.status), r.error_message, r.error_details, r.output_data, r.started_at, r.ended_at)
   where r.run_id = step.run_id and r.status in ('failed', 'timeout');
  update mainstem.user_workflow_run_step s
     set status = 'running', retry_count = s.retry_count + 1, started_at = moment, ended_at = null, duration_ms = null,
         input_data = coalesce(retry_workflow_step.input_data, s.input_data),
         output_data = null, error_message = null, error_details = null, updated_at = moment,
         events = s.events || mainstem._old_ending('step_retried', moment, to_jsonb(s.retry_count), s.error_message, s.error_details, s.output_data, s.started_at, s.ended_at)
   where s.run_id = step.run_id and s.step_number = step.step_number;
  perform mainstem._note_change(step.org_id, step.run_id, step.step_number, 'running');
end $$;
comment on function mainstem.retry_workflow_step(uuid, jsonb) is 'Begin a failed step again, with new input or the old; the failed attempt is kept in its events as step_retried. A run that failed or timed out goes on. Raises MS001, MS003 (completed, cancelled), MS006 (not failed), MS009.';
