create or replace function mainstem._close_steps_v1(worker uuid, closings mainstem._step_record[])
returns table (ids uuid[], numbers integer[], states text[], orgs uuid[])
language plpgsql
set plan_cache_mode = force_custom_plan  -- the planner prunes partitions by the ids, which a generic plan does not see
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  run_ids uuid[] := array(select distinct s.run_id from unnest(closings) s);
  absent text;
begin
  with closed as (
    update mainstem.user_workflow_run_step t
       set status = s.status,
           retry_count = s.retry_count,
           started_at = moment - s.age_us * interval '1 microsecond',
           ended_at = moment - s.ended_us * interval '1 microsecond',
           duration_ms = (s.age_us - s.ended_us) / 1000,
           input_data = coalesce(s.input_data, t.input_data),
           output_data = s.output_data,
           screenshots = case when s.screenshots is null then t.screenshots else t.screenshots || s.screenshots end,
           events = case when s.ended_us is null then t.events else t.events || mainstem._fold_events(t.run_id, t.step_number) end,
           error_message = s.error_message,
           error_details = s.error_details,
           metadata = t.metadata - 'wait' || coalesce(s.metadata, '{}'),
           updated_at = moment
      from unnest(closings) s
     cross join lateral (  -- offset 0: a look-up for each record, whatever the planner believes of the table's size
       select own.org_id from mainstem.user_workflow_run_queue own
        where own.run_id = s.run_id and own.worker_id = worker and own.epoch = s.epoch offset 0) q
     where t.run_id = s.run_id and t.step_number = s.step_number and t.run_id = any (run_ids)
       and t.status in ('pending', 'running', 'waiting')
    returning t.run_id, t.step_number, t.status, t.org_id)
  select coalesce(array_agg(c.run_id), '{}'), coalesce(array_agg(c.step_number), '{}'), coalesce(array_agg(c.status::text), '{}'), coalesce(array_agg(c.org_id), '{}')
    into ids, numbers, states, orgs from closed c;
  if cardinality(ids) < cardinality(closings) then
    select format('step %s of run %s', s.step_number, s.run_id) into absent
      from unnest(closings) s
      join mainstem.user_workflow_run_queue q on q.run_id = s.run_id and q.worker_id = worker and q.epoch = s.epoch
     where not exists (select from mainstem.user_workflow_run_step t where t.run_id = s.run_id and t.step_number = s.step_number);
    if found then
      raise exception using errcode = 'MS001', message = format('%s is not recorded: nothing to change', absent),
        hint = 'Record a step before what becomes of it.';
    end if;
  end if;
  return next;
end $$;
comment on function mainstem._close_steps_v1(uuid, mainstem._step_record[]) is 'Change steps that are recorded as open, of runs that this worker owns; what was changed. A step that has ended keeps its ending. Raises MS001 for one that is not recorded.';
