create or replace function mainstem._settle_child_v1(org_id uuid, one mainstem._wait_record)
returns table (answer text, payload jsonb, state text)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  step record;
  child record;
  taken integer;
  failure jsonb;
begin
  select s.status, s.output_data, s.error_message, s.error_details, (s.metadata ->> 'child')::uuid as child into step
    from mainstem.user_workflow_run_step s where s.run_id = one.run_id and s.step_number = one.step_number;
  if step.status = 'completed' then  -- asked again, as the answer was lost
    return query select 'signal', step.output_data, null::text;
    return;
  elsif step.status = 'failed' then
    return query select 'failed', jsonb_build_object('message', step.error_message, 'details', step.error_details), null::text;
    return;
  end if;
  select r.status, r.output_data, r.error_message, r.ended_at into child from mainstem.user_workflow_run r where r.run_id = step.child;
  if child.status is null or step.status = 'pending' and child.status in ('failed', 'cancelled', 'timeout') then
    return query select * from mainstem._begin_child_v1(org_id, one);
    return;
  elsif child.ended_at is null then
    update mainstem.user_workflow_run_step s
       set status = 'waiting', started_at = moment, updated_at = moment,
           metadata = s.metadata || jsonb_build_object('wait', jsonb_build_object('kind', 'child', 'signal', 'mainstem:child:' || step.child))
     where s.run_id = one.run_id and s.step_number = one.step_number and s.status = 'pending';
    return query select 'open', null::jsonb, null::text;
    return;
  end if;
  delete from mainstem.user_workflow_signal g where g.run_id = one.run_id and g.name = 'mainstem:child:' || step.child;
  get diagnostics taken = row_count;
  update mainstem.user_workflow_run_queue q set signals = greatest(0, q.signals - taken) where q.run_id = one.run_id and taken > 0;
  if child.status = 'completed' then
    perform mainstem._end_wait_v1(one.run_id, one.step_number, child.output_data, '{}');
    return query select 'signal', child.output_data, 'completed';
    return;
  end if;
  failure := jsonb_build_object('type', case child.status when 'cancelled' then 'RunCancelled' else 'RunFailed' end, 'status', child.status, 'run_id', step.child);
  update mainstem.user_workflow_run_step s
     set status = 'failed', error_message = coalesce(child.error_message, child.status::text), error_details = failure,
         ended_at = greatest(moment, s.started_at), duration_ms = greatest(0, extract(epoch from moment - s.started_at) * 1000)::bigint,
         metadata = s.metadata - 'wait', updated_at = moment
   where s.run_id = one.run_id and s.step_number = one.step_number;
  return query select 'failed', jsonb_build_object('message', coalesce(child.error_message, child.status::text), 'details', failure), 'failed';
end $$;
comment on function mainstem._settle_child_v1(uuid, mainstem._wait_record) is 'The wait for a run that this one has begun, under the lock that the caller holds: begun the first time; taken when it has ended; else it stays open. After a retry of this run a child that failed is begun anew, one that was retried itself is taken.';
