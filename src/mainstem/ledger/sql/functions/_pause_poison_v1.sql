create or replace function mainstem._pause_poison_v1(ids uuid[]) returns void
language plpgsql
set plan_cache_mode = force_custom_plan  -- a plan that is kept does not prune partitions by an array
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  paused record;
begin
  -- a run whose row a user holds is claimed once more, and paused the next time
  for paused in
    select r.run_id, r.org_id, q.attempt
      from mainstem.user_workflow_run r join mainstem.user_workflow_run_queue q on q.run_id = r.run_id
     where r.run_id = any (ids) and q.run_id = any (ids) order by r.run_id for no key update of r skip locked
  loop
    update mainstem.user_workflow_run_queue q set state = 'paused' where q.run_id = paused.run_id;
    update mainstem.user_workflow_run r
       set status = 'paused', updated_at = moment,
           error_message = format('%s workers were lost while they had this run, and no step ended in between', paused.attempt),
           error_details = jsonb_build_object('type', 'PoisonedRun', 'workers_lost', paused.attempt)
     where r.run_id = paused.run_id;
    perform mainstem._note_change(paused.org_id, paused.run_id, 0, 'paused');
  end loop;
end $$;
comment on function mainstem._pause_poison_v1(uuid[]) is 'Pause runs, whose queue rows the caller has locked, that took their workers with them: nobody claims them until somebody resumes, retries or cancels them.';
