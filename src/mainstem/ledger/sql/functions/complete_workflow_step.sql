create or replace function mainstem.complete_workflow_step(
  step_id uuid, status mainstem.step_status, output_data jsonb default null, error_message text default null)
returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  step record;
  moment timestamptz;
begin
  select * into step from mainstem._lock_caller_step(complete_workflow_step.step_id);
  if step.status in ('completed', 'failed', 'skipped', 'cancelled') then
    raise exception using errcode = 'MS005',
      message = format('step %s of run %s has ended: %s', step.step_number, step.run_id, step.status),
      hint = 'Its first ending stands. retry_workflow_step begins a failed one again.';
  end if;
  if complete_workflow_step.status is null or complete_workflow_step.status not in ('completed', 'failed', 'skipped', 'cancelled') then
    raise exception using errcode = 'MS006', message = format('%s is no ending of a step', coalesce(complete_workflow_step.status::text, 'NULL')),
      hint = 'A step ends as completed, failed, skipped or cancelled.';
  end if;
  moment := mainstem.clock();
  update mainstem.user_workflow_run_step s
     set status = complete_workflow_step.status,
         output_data = complete_workflow_step.output_data,
         error_message = case when complete_workflow_step.status = 'failed'
           then coalesce(complete_workflow_step.error_message, 'no reason was given') else complete_workflow_step.error_message end,
         ended_at = greatest(moment, s.started_at),
         duration_ms = greatest(0, extract(epoch from moment - s.started_at) * 1000)::bigint,
         events = s.events || mainstem._fold_events(s.run_id, s.step_number),
         updated_at = moment
   where s.run_id = step.run_id and s.step_number = step.step_number;
  perform mainstem._note_change(step.org_id, step.run_id, step.step_number, complete_workflow_step.status);
end $$;
comment on function mainstem.complete_workflow_step(uuid, mainstem.step_status, jsonb, text) is 'End a step as completed, failed, skipped or cancelled. The first ending stands: raises MS005 when it has ended, MS001, MS006 (no ending), MS009.';
