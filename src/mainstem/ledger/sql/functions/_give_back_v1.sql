create or replace function mainstem._give_back_v1(worker uuid, kept uuid[]) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  freed integer;
begin
  with mine as materialized (
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.worker_id = worker and q.state = 'owned' and not q.run_id = any (kept) order by q.run_id for no key update)
  update mainstem.user_workflow_run_queue q set state = 'ready', worker_id = null, due_at = moment
    from mine where q.run_id = mine.run_id;
  get diagnostics freed = row_count;
  if freed > 0 then
    perform pg_notify('mainstem_ready', '');
  end if;
  return freed;
end $$;
comment on function mainstem._give_back_v1(uuid, uuid[]) is 'Free the runs that a worker owns beyond those that it knows of: what it claimed when the answer was lost on its way. Gives how many.';
