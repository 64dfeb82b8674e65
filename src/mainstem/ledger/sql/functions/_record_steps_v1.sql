create or replace function mainstem._record_steps_v1(
  worker uuid, steps mainstem._step_record[], out ids uuid[], out numbers integer[], out states text[], out orgs uuid[])
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  with recorded as (
    insert into mainstem.user_workflow_run_step as t
      (step_id, run_id, org_id, step_number, node_key, iteration, status, retry_count, started_at, ended_at, duration_ms,
       input_data, output_data, screenshots, events, error_message, error_details, metadata, created_at, updated_at)
    select mainstem.step_id(s.run_id, s.step_number), s.run_id, q.org_id, s.step_number, s.node_key, s.iteration, s.status, s.retry_count,
           moment - s.age_us * interval '1 microsecond', moment - s.ended_us * interval '1 microsecond', (s.age_us - s.ended_us) / 1000,
           s.input_data, s.output_data, coalesce(s.screenshots, '[]'),
           case when s.events is null then '[]' else mainstem._stamp_events_v1(s.events, moment) end,
           s.error_message, s.error_details, coalesce(s.metadata, '{}'), moment, moment
      from unnest(steps) s
     cross join lateral (  -- offset 0: a look-up for each record, whatever the planner believes of the table's size
       select own.org_id from mainstem.user_workflow_run_queue own
        where own.run_id = s.run_id and own.worker_id = worker and own.epoch = s.epoch offset 0) q
    returning t.run_id, t.step_number, t.status, t.org_id)
  select coalesce(array_agg(r.run_id), '{}'), coalesce(array_agg(r.step_number), '{}'), coalesce(array_agg(r.status::text), '{}'), coalesce(array_agg(r.org_id), '{}')
    into ids, numbers, states, orgs
    from recorded r;
end $$;
comment on function mainstem._record_steps_v1(uuid, mainstem._step_record[]) is 'Insert steps of runs that this worker owns; what was inserted.';
