create or replace function mainstem._end_overdue_v1(most integer default 100) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  overdue record;
  ended integer := 0;
begin
  perform mainstem._refuse_stricter_isolation();
  for overdue in
    select q.run_id, q.org_id, q.epoch, q.deadline_at from mainstem.user_workflow_run_queue q
     where q.deadline_at <= moment and q.state in ('ready', 'waiting') order by q.deadline_at limit most for update skip locked
  loop
    -- its parent is told under the parent's lock, which a cancel takes first: who has it is not waited for
    perform 1 from mainstem.user_workflow_run r where r.run_id = overdue.run_id
       and (r.parent_step_id is null or mainstem._hold_parent_v1(r.parent_step_id)) for no key update skip locked;
    continue when not found;  -- a user writes its row: it is ended the next time
    perform mainstem._fold_run(overdue.run_id, 'timeout', format('the run was not over by %s', overdue.deadline_at),
      jsonb_build_object('type', 'RunTimedOut'), null, null, overdue.epoch);
    delete from mainstem.user_workflow_run_queue q where q.run_id = overdue.run_id;
    perform mainstem._note_change(overdue.org_id, overdue.run_id, 0, 'timeout');
    ended := ended + 1;
  end loop;
  return ended;
end $$;
comment on function mainstem._end_overdue_v1(integer) is 'End the runs that nobody owns and whose deadline has passed; how many. Their owners keep the deadlines of all others.';
