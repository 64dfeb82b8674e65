create or replace function mainstem._end_plain_runs_v1(free uuid[], endings mainstem._ending_record[])
returns table (run_id uuid, state text, org_id uuid)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  delete from mainstem.user_workflow_run_queue q where q.run_id = any (free);
  return query
  update mainstem.user_workflow_run r
     set status = e.status, ended_at = greatest(moment, r.started_at),
         duration_ms = greatest(0, extract(epoch from moment - r.started_at) * 1000)::bigint,
         output_data = e.output_data, endpoints_used = coalesce(e.endpoints_used, r.endpoints_used),
         error_message = e.error_message, error_details = e.error_details,
         metadata = r.metadata || jsonb_build_object('epoch', e.epoch), updated_at = moment
    from unnest(endings) e
   where r.run_id = e.run_id and r.run_id = any (free) and r.run_id between free[1] and free[cardinality(free)]
  returning r.run_id, r.status::text, r.org_id;
end $$;
comment on function mainstem._end_plain_runs_v1(uuid[], mainstem._ending_record[]) is 'End runs that have nothing to fold, given in order, all in one statement.';
