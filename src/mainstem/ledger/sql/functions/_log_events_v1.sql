create or replace function mainstem._log_events_v1(worker uuid, events mainstem._event_record[]) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  insert into mainstem.user_workflow_event (run_id, step_number, org_id, event_type, event_data, occurred_at)
  select e.run_id, e.step_number, q.org_id, e.event_type, coalesce(e.event_data, '{}'), moment - e.age_us * interval '1 microsecond'
    from unnest(events) with ordinality e
    join mainstem.user_workflow_run_queue q on q.run_id = e.run_id and q.worker_id = worker and q.epoch = e.epoch
   order by e.ordinality;
end $$;
comment on function mainstem._log_events_v1(uuid, mainstem._event_record[]) is 'Log the events of runs and of steps that are still open.';
