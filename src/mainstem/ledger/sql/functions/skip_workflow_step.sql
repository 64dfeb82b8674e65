create or replace function mainstem.skip_workflow_step(step_id uuid, reason text default null, amended_by text default null, go_on boolean default true)
returns text
language plpgsql
as $$
begin
  return mainstem._amend_step(skip_workflow_step.step_id, 'skipped', null, skip_workflow_step.reason, skip_workflow_step.amended_by, skip_workflow_step.go_on);
end $$;
comment on function mainstem.skip_workflow_step(uuid, text, text, boolean) is 'Pass over a step that failed, was cut short or stands at a breakpoint: it is skipped, and gives nothing (None, null) to its run. Otherwise as patch_workflow_step.';
