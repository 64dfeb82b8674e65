create or replace function mainstem._cancel_children(run_id uuid, reason text) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  child uuid;
  asked integer := 0;
begin
  -- from the parent down, as whoever ends a child locks them too; while this lock is held no child ends
  perform 1 from mainstem.user_workflow_run_queue q where q.run_id = _cancel_children.run_id for no key update;
  for child in
    select (s.metadata ->> 'child')::uuid from mainstem.user_workflow_run_step s
     where s.run_id = _cancel_children.run_id and s.status = 'waiting' and s.metadata -> 'wait' ->> 'kind' = 'child' order by 1
  loop
    if exists (select from mainstem.user_workflow_run_queue q where q.run_id = child) then
      perform mainstem.cancel_workflow_run(child, _cancel_children.reason);
      asked := asked + 1;
    end if;
  end loop;
  return asked;
end $$;
comment on function mainstem._cancel_children(uuid, text) is 'Cancel the runs that a run has begun and waits for, and theirs; how many of its own.';
