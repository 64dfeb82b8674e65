create or replace function mainstem._set_aside_steps(run_id uuid, from_step integer) returns jsonb
language plpgsql
as $$
#variable_conflict use_column
declare
  logged jsonb;
  aside jsonb;
begin
  with gone as (
    delete from mainstem.user_workflow_event e
     where e.run_id = _set_aside_steps.run_id and e.step_number >= _set_aside_steps.from_step
    returning e.step_number, e.event_id, e.event_type, e.event_data, e.occurred_at)
  select jsonb_object_agg(l.step_number, l.events) into logged
    from (select g.step_number, jsonb_agg(jsonb_build_object('event_id', g.event_id, 'event_type', g.event_type, 'event_data', g.event_data,
                                                              'timestamp', g.occurred_at) order by g.event_id) as events
            from gone g group by g.step_number) l;
  with gone as (
    delete from mainstem.user_workflow_run_step s
     where s.run_id = _set_aside_steps.run_id and s.step_number >= _set_aside_steps.from_step
    returning s.step_number, s.node_key, s.iteration, s.status, s.retry_count, s.started_at, s.ended_at, s.duration_ms, s.input_data, s.output_data,
              s.screenshots, s.events, s.error_message, s.error_details, s.metadata)
  select jsonb_agg(to_jsonb(g) || jsonb_build_object('events', g.events || coalesce(logged -> g.step_number::text, '[]')) order by g.step_number)
    into aside from gone g;
  return coalesce(aside, '[]');
end $$;
comment on function mainstem._set_aside_steps(uuid, integer) is 'Take the steps of a run from this number on out of the table, with their logs; gives them, in order, as the list that an event of the run keeps.';
