create or replace function mainstem._fill_cached_step_v1(org uuid, wanted text, run uuid, number integer, run_epoch integer, result jsonb, ttl interval) returns boolean
language plpgsql
as $$
declare
  moment timestamptz := mainstem.clock();
begin
  if result is null then
    delete from mainstem.user_workflow_step_cache c
     where c.org_id = org and c.cache_key = wanted and c.run_id = run and c.step_number = number and c.epoch = run_epoch;
  else
    update mainstem.user_workflow_step_cache c
       set output_data = result, epoch = null, created_at = moment, expires_at = moment + ttl
     where c.org_id = org and c.cache_key = wanted and c.run_id = run and c.step_number = number and c.epoch = run_epoch
       and exists (select from mainstem.user_workflow_run_queue q where q.run_id = run and q.epoch = run_epoch and q.worker_id is not null);
  end if;
  return found;
end $$;
comment on function mainstem._fill_cached_step_v1(uuid, text, uuid, integer, integer, jsonb, interval) is 'End a lease with its result, or with none (NULL): then another makes it. False when it was cleared meanwhile, is another''s, or the run is not owned under that epoch any more: nothing is kept.';
