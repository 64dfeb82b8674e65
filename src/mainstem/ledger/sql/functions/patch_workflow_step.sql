create or replace function mainstem.patch_workflow_step(
  step_id uuid, output_data jsonb, reason text default null, amended_by text default null, go_on boolean default true)
returns text
language plpgsql
as $$
begin
  return mainstem._amend_step(patch_workflow_step.step_id, 'completed', patch_workflow_step.output_data, patch_workflow_step.reason,
    patch_workflow_step.amended_by, patch_workflow_step.go_on);
end $$;
comment on function mainstem.patch_workflow_step(uuid, jsonb, text, text, boolean) is 'Give the output of a step that failed, was cut short or stands at a breakpoint: it is completed, metadata.amended tells by whom and why, the failure stays in its events. go_on: its run is taken back, as by retry_workflow_run; false: patch more first. Gives the run''s status. Raises MS001, MS003 (the run is completed or cancelled), MS006, MS008.';
