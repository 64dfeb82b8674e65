create or replace function mainstem._end_runs_v1(worker uuid, endings mainstem._ending_record[])
returns table (run_id uuid, answer text, state text, org_id uuid)
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  wanted uuid[] := array(select e.run_id from unnest(endings) e);
  free uuid[];
begin
  free := array(  -- a run that somebody else holds comes back busy: the flush never waits for a user's transaction
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.run_id = any (wanted) and q.worker_id = worker order by q.run_id for update skip locked);
  free := array(
    select r.run_id from mainstem.user_workflow_run r where r.run_id = any (free) order by r.run_id for no key update skip locked);
  return query
    select e.run_id, case when exists (select from mainstem.user_workflow_run_queue q
                                        where q.run_id = e.run_id and q.worker_id = worker and q.epoch = e.epoch) then 'busy' else 'lost' end,
           null::text, null::uuid
      from unnest(endings) e
     where not e.run_id = any (free)
        or not exists (select from mainstem.user_workflow_run_queue q where q.run_id = e.run_id and q.epoch = e.epoch);
  return query select e.run_id, 'ended', e.state, e.org_id from mainstem._end_locked_runs_v1(free, endings) e;
end $$;
comment on function mainstem._end_runs_v1(uuid, mainstem._ending_record[]) is 'End (or pause) runs that this worker owns: queue rows locked first, then runs, each by id and none waited for. Answers ended, busy (try again in the next flush) or lost.';
