create or replace function mainstem._deadline_v1(worker uuid, run_id uuid, epoch integer, timeout interval) returns double precision
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  deadline timestamptz;
begin
  select q.deadline_at into deadline from mainstem.user_workflow_run_queue q
   where q.run_id = _deadline_v1.run_id and q.worker_id = worker and q.epoch = _deadline_v1.epoch for no key update;
  if not found then
    raise exception using errcode = 'MS002', message = format('another worker holds run %s', _deadline_v1.run_id), hint = 'Its holder carries on.';
  end if;
  if deadline is null then
    -- in the run too, as the queue can be rebuilt from it
    update mainstem.user_workflow_run r
       set metadata = r.metadata || jsonb_build_object('deadline', _deadline_v1.timeout + coalesce((
             select max((e.value ->> 'timestamp')::timestamptz) from jsonb_array_elements(r.events) e where e.value ->> 'event_type' = 'run_retried'), r.started_at)),
           updated_at = moment
     where r.run_id = _deadline_v1.run_id
    returning (r.metadata ->> 'deadline')::timestamptz into deadline;
    update mainstem.user_workflow_run_queue q set deadline_at = deadline where q.run_id = _deadline_v1.run_id;
  end if;
  return extract(epoch from deadline - moment)::double precision;
end $$;
comment on function mainstem._deadline_v1(uuid, uuid, integer, interval) is 'Seconds that a run has left which this worker owns: set the first time, from its first start or its last retry on. Raises MS002 when another owns it.';
