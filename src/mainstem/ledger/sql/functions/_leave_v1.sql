create or replace function mainstem._leave_v1(worker uuid) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  freed integer;
begin
  update mainstem.user_workflow_worker w set reaped_at = moment where w.worker_id = worker and w.reaped_at is null;
  with mine as materialized (
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.worker_id = worker and q.state = 'owned' order by q.run_id for no key update)
  update mainstem.user_workflow_run_queue q set state = 'ready', worker_id = null, due_at = moment
    from mine where q.run_id = mine.run_id;
  get diagnostics freed = row_count;
  if freed > 0 then
    perform pg_notify('mainstem_ready', '');
  end if;
  return freed;
end $$;
comment on function mainstem._leave_v1(uuid) is 'A worker leaves on its own: its runs are ready for others at once; gives how many. Called again it changes nothing.';
