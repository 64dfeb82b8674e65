create or replace function mainstem._defer_v1(worker uuid, run_ids uuid[], delay interval) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
  with mine as materialized (
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.run_id = any (run_ids) and q.worker_id = worker order by q.run_id for no key update)
  update mainstem.user_workflow_run_queue q set state = 'waiting', worker_id = null, due_at = mainstem.clock() + delay
    from mine where q.run_id = mine.run_id;
end $$;
comment on function mainstem._defer_v1(uuid, uuid[], interval) is 'Give back runs whose workflow this worker does not know; they are looked at again after the delay.';
