create or replace function mainstem._defer_v1(worker uuid, run_ids uuid[], delay interval) returns void
language plpgsql
set plan_cache_mode = force_custom_plan  -- a plan that is kept does not prune partitions by an array
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  mine uuid[];
begin
  mine := array(
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.run_id = any (run_ids) and q.worker_id = worker order by q.run_id for no key update);
  update mainstem.user_workflow_run_queue q set state = 'waiting', worker_id = null, due_at = moment + delay where q.run_id = any (mine);
  update mainstem.user_workflow_run r
     set status = 'pending', updated_at = moment,
         started_at = case when exists (select from mainstem.user_workflow_run_step s where s.run_id = r.run_id) then r.started_at end
   where r.run_id = any (mine) and r.status = 'running';
end $$;
comment on function mainstem._defer_v1(uuid, uuid[], interval) is 'Give back runs whose workflow this worker does not know, as if it had never claimed them; they are looked at again after the delay.';
