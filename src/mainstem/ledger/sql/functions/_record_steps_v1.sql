create or replace function mainstem._record_steps_v1(worker uuid, flush bigint, steps mainstem._step_record[]) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  written integer;
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
    returning t.run_id, t.step_number, t.status, t.org_id),
  noted as (  -- here and not with what else the flush does: most flushes do nothing else, and need not gather it twice
    insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states, worker_id, flush)
    select r.org_id, array_agg(r.run_id), array_agg(r.step_number), array_agg(r.status::text), worker, _record_steps_v1.flush
      from recorded r group by r.org_id)
  select count(*) into written from recorded;
  return written;
end $$;
comment on function mainstem._record_steps_v1(uuid, bigint, mainstem._step_record[]) is 'Insert steps of runs that this worker owns, and note them as changed; how many.';
