create or replace function mainstem._end_runs_v1(worker uuid, endings mainstem._ending_record[])
returns table (run_id uuid, answer text, state text, org_id uuid)
language plpgsql
as $$
#variable_conflict use_column
declare
  owned uuid[];
  free uuid[];
begin
  -- a run that somebody else holds comes back busy: the flush never waits for a user's transaction
  owned := array(
    select q.run_id
      from (select e.run_id, e.epoch from unnest(endings) e order by e.run_id) e
     cross join lateral (
       select own.run_id from mainstem.user_workflow_run_queue own
        where own.run_id = e.run_id and own.worker_id = worker and own.epoch = e.epoch for update skip locked) q);
  free := array(
    select r.run_id from mainstem.user_workflow_run r
     where r.run_id = any (owned) and r.run_id between owned[1] and owned[cardinality(owned)]  -- bounds prune in a cached plan, a list does not
       and (r.parent_step_id is null or mainstem._hold_parent_v1(r.parent_step_id))  -- before the run's own row: queue, then run
     order by r.run_id for no key update skip locked);
  if cardinality(free) < cardinality(endings) then
    return query
      select e.run_id, case when exists (select from mainstem.user_workflow_run_queue q
                                          where q.run_id = e.run_id and q.worker_id = worker and q.epoch = e.epoch) then 'busy' else 'lost' end,
             null::text, null::uuid
        from unnest(endings) e where not e.run_id = any (free);
  end if;
  return query select e.run_id, 'ended', e.state, e.org_id from mainstem._end_locked_runs_v1(free, endings) e;
end $$;
comment on function mainstem._end_runs_v1(uuid, mainstem._ending_record[]) is 'End (or pause) runs that this worker owns: queue rows locked first, then runs, each by id and none waited for. Answers ended, busy (try again in the next flush) or lost.';
