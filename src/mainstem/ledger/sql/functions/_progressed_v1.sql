create or replace function mainstem._progressed_v1(ids uuid[]) returns uuid[]
language plpgsql stable
set plan_cache_mode = force_custom_plan  -- a plan that is kept does not prune partitions by an array
as $$
begin
  return array(
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.run_id = any (ids)
       and exists (select from mainstem.user_workflow_run_step s
                    where s.run_id = q.run_id and s.run_id = any (ids) and s.ended_at > q.due_at));
end $$;
comment on function mainstem._progressed_v1(uuid[]) is 'Which of these runs ended a step since they were last ready to be claimed.';
