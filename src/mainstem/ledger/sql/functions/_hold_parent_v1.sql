create or replace function mainstem._hold_parent_v1(parent_step uuid) returns boolean
language plpgsql
as $$
#variable_conflict use_column
declare
  parent uuid := mainstem.run_of(parent_step);
begin
  if not exists (select from mainstem.user_workflow_run_step s
                  where s.run_id = parent and s.step_number = mainstem.step_number_of(parent_step) and s.status = 'waiting') then
    return true;
  end if;
  perform 1 from mainstem.user_workflow_run_queue q where q.run_id = parent for no key update skip locked;
  return found or not exists (select from mainstem.user_workflow_run_queue q where q.run_id = parent);
end $$;
comment on function mainstem._hold_parent_v1(uuid) is 'Whether a run that this step began may end now: nobody waits for it, or the queue row of the run that waits is locked by this call, and so the end and the wait come one after the other. False: somebody else has that row; a flush waits for nobody and comes again.';
