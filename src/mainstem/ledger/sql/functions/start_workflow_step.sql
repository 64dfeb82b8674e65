create or replace function mainstem.start_workflow_step(
  run_id uuid, node_id uuid, step_number integer, input_data jsonb default null)
returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  run record;
  moment timestamptz;
  new_id uuid;
begin
  if start_workflow_step.step_number is null or start_workflow_step.step_number not between 1 and 16777215 then
    raise exception using errcode = 'MS010', message = format('step_number is 1 to 16777215, not %s', coalesce(start_workflow_step.step_number::text, 'NULL')),
      hint = 'Number 0 is the run itself.';
  end if;
  select * into run from mainstem._lock_caller_run(start_workflow_step.run_id);
  if run.status in ('completed', 'failed', 'cancelled', 'timeout') then
    perform mainstem._refuse_run_over(start_workflow_step.run_id, run.status);
  end if;
  if not exists (select from mainstem.user_workflow_node n where n.org_id = run.org_id and n.node_id = start_workflow_step.node_id
                    and n.workflow_id = run.workflow_id) then
    raise exception using errcode = 'MS001', message = format('the run''s workflow has no node %s', coalesce(start_workflow_step.node_id::text, 'NULL')),
      hint = 'Look at user_workflow_node of this workflow.';
  end if;
  moment := mainstem.clock();
  insert into mainstem.user_workflow_run_step as s (step_id, run_id, org_id, node_id, step_number, status, started_at, input_data)
  values (mainstem.step_id(start_workflow_step.run_id, start_workflow_step.step_number), start_workflow_step.run_id, run.org_id,
          start_workflow_step.node_id, start_workflow_step.step_number, 'running', moment, start_workflow_step.input_data)
  on conflict (run_id, step_number) do nothing
  returning s.step_id into new_id;
  if new_id is null then
    raise exception using errcode = 'MS004',
      message = format('run %s has a step %s already', start_workflow_step.run_id, start_workflow_step.step_number),
      hint = 'Take the next number, or retry_workflow_step when it failed.';
  end if;
  perform mainstem._note_change(run.org_id, start_workflow_step.run_id, start_workflow_step.step_number, 'running');
  return new_id;
end $$;
comment on function mainstem.start_workflow_step(uuid, uuid, integer, jsonb) is 'Begin step step_number of a run; gives its id. Of two that begin the same number one is told: MS004. Raises MS001 (run, node), MS003 (the run is over), MS009, MS010 (number).';
