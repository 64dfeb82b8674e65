create or replace function mainstem._leave_v1(worker uuid) returns integer
language plpgsql
as $$
#variable_conflict use_column
begin
  update mainstem.user_workflow_worker w set reaped_at = mainstem.clock() where w.worker_id = worker and w.reaped_at is null;
  return mainstem._give_back_v1(worker, '{}');
end $$;
comment on function mainstem._leave_v1(uuid) is 'A worker leaves on its own: its runs are ready for others at once; gives how many. Called again it changes nothing.';
