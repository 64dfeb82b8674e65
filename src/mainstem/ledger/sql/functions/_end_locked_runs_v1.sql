create or replace function mainstem._end_locked_runs_v1(free uuid[], endings mainstem._ending_record[])
returns table (run_id uuid, state text, org_id uuid)
language plpgsql
as $$
#variable_conflict use_column
declare
  loose uuid[] := mainstem._with_loose_ends_v1(free);
  ending record;
begin
  for ending in
    select e.run_id, e.status, e.error_message, e.error_details, e.output_data, e.endpoints_used, e.epoch, q.org_id
      from unnest(endings) e join mainstem.user_workflow_run_queue q on q.run_id = e.run_id
     where e.run_id = any (free) and (e.status = 'paused' or e.run_id = any (loose))
  loop
    if ending.status = 'paused' then
      update mainstem.user_workflow_run_queue q set state = 'paused', worker_id = null where q.run_id = ending.run_id;
      update mainstem.user_workflow_run r set status = 'paused', error_message = ending.error_message, error_details = ending.error_details,
             updated_at = mainstem.clock() where r.run_id = ending.run_id;
    else
      perform mainstem._fold_run(ending.run_id, ending.status, ending.error_message, ending.error_details, ending.output_data, ending.endpoints_used, ending.epoch);
      delete from mainstem.user_workflow_run_queue q where q.run_id = ending.run_id;
    end if;
    free := array_remove(free, ending.run_id);
    run_id := ending.run_id; state := ending.status; org_id := ending.org_id;
    return next;
  end loop;
  if cardinality(free) > 0 then
    return query select * from mainstem._end_plain_runs_v1(free, endings);
  end if;
end $$;
comment on function mainstem._end_locked_runs_v1(uuid[], mainstem._ending_record[]) is 'End runs whose rows are locked, given in order: those with something to fold one by one, all others at once.';
