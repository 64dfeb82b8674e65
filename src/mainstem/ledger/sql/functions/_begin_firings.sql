create or replace function mainstem._begin_firings(schedule mainstem.user_workflow_schedule, ticks timestamptz[])
returns table (scheduled_for timestamptz, run_id uuid)
language plpgsql
as $$
#variable_conflict use_column
declare
  starts mainstem._start_record[];
begin
  starts := array(
    select jsonb_populate_record(null::mainstem._start_record, jsonb_build_object(
             'run_id', mainstem.new_run_id(mainstem.clock()), 'org_id', schedule.org_id, 'workflow_id', schedule.workflow_id,
             'workflow_version', schedule.workflow_version, 'channel', schedule.channel, 'priority', schedule.priority, 'queue', schedule.queue,
             'tags', jsonb_build_array('schedule:' || schedule.name), 'is_test', false,
             'input_data', schedule.input_data || case when schedule.time_argument is null then '{}' else jsonb_build_object(
               schedule.time_argument, to_char(tick at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')) end))
      from unnest(ticks) with ordinality t (tick, place) order by place);
  return query
    select ticks[begun.place], begun.run_id from mainstem._start_runs_v1(null, starts) begun where begun.answer = 'started';
end $$;
comment on function mainstem._begin_firings(mainstem.user_workflow_schedule, timestamptz[]) is 'A run of the schedule''s workflow for each of these times, for whichever worker is free.';
