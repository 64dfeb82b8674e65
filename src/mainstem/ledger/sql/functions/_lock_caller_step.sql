create or replace function mainstem._lock_caller_step(step_id uuid)
returns table (run_id uuid, step_number integer, org_id uuid, status text, run_status text)
language plpgsql
as $$
#variable_conflict use_column
declare
  run_of uuid := mainstem.run_of(_lock_caller_step.step_id);
  number integer := mainstem.step_number_of(_lock_caller_step.step_id);
  run record;
  step_status text;
begin
  select * into run from mainstem._lock_caller_run(run_of);  -- the run first, then its step: the order of the house
  select s.status into step_status from mainstem.user_workflow_run_step s
   where s.run_id = run_of and s.step_number = number for no key update;
  if not found then
    raise exception using errcode = 'MS001', message = format('no step %s in this tenant''s ledger', _lock_caller_step.step_id),
      hint = 'A step''s id is what start_workflow_step gave.';
  end if;
  return query select run_of, number, run.org_id, step_status, run.status;
end $$;
comment on function mainstem._lock_caller_step(uuid) is 'Lock a step and its run, in the order of the house. Raises MS001, MS009.';
