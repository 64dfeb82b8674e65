create or replace function mainstem.complete_workflow_execution(
  run_id uuid, status mainstem.trace_status, error_message text default null)
returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  run record;
begin
  select * into run from mainstem._lock_caller_run(complete_workflow_execution.run_id);
  if run.status in ('completed', 'failed', 'cancelled', 'timeout') then
    perform mainstem._refuse_run_over(complete_workflow_execution.run_id, run.status);
  end if;
  if complete_workflow_execution.status is null or complete_workflow_execution.status not in ('completed', 'failed', 'cancelled', 'timeout') then
    raise exception using errcode = 'MS006',
      message = format('%s is no ending of a run', coalesce(complete_workflow_execution.status::text, 'NULL')),
      hint = 'A run ends as completed, failed, cancelled or timeout.';
  end if;
  perform mainstem._fold_run(complete_workflow_execution.run_id, complete_workflow_execution.status,
                             complete_workflow_execution.error_message, null, null, null, null);
  perform mainstem._note_change(run.org_id, complete_workflow_execution.run_id, 0, complete_workflow_execution.status);
end $$;
comment on function mainstem.complete_workflow_execution(uuid, mainstem.trace_status, text) is 'End a run as completed, failed, cancelled or timeout; its open steps are cancelled, its context and events folded in. The first ending stands: raises MS003 when it is over, MS001, MS006 (no ending), MS009 (the engine moves it).';
