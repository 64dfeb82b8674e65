create or replace function mainstem._log_events_v1(worker uuid, events mainstem._event_record[])
returns table (ids uuid[], numbers integer[], states text[], orgs uuid[])
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  return query
  with logged as (
    insert into mainstem.user_workflow_event as t (run_id, step_number, event_id, org_id, event_type, event_data, occurred_at)
    select e.run_id, e.step_number, mainstem._event_id(moment, e.ordinality::integer), q.org_id, e.event_type, coalesce(e.event_data, '{}'), moment - e.age_us * interval '1 microsecond'
      from unnest(events) with ordinality e
     cross join lateral (  -- offset 0: a look-up for each record, whatever the planner believes of the table's size
       select own.org_id from mainstem.user_workflow_run_queue own
        where own.run_id = e.run_id and own.worker_id = worker and own.epoch = e.epoch offset 0) q
     order by e.ordinality
    returning t.run_id, t.step_number, t.org_id),
  touched as (select distinct run_id, step_number, org_id from logged)
  select coalesce(array_agg(t.run_id), '{}'), coalesce(array_agg(t.step_number), '{}'), coalesce(array_agg('logged'::text), '{}'), coalesce(array_agg(t.org_id), '{}')
    from touched t;
end $$;
comment on function mainstem._log_events_v1(uuid, mainstem._event_record[]) is 'Log the events of runs and of steps that are still open, of runs that this worker owns; which of them have more.';
