create or replace function mainstem.read_workflow_run(run_id uuid) returns json
language plpgsql stable
set plan_cache_mode = force_generic_plan  -- planning takes longer than reading, and a run's leaf is found without
as $$
#variable_conflict use_column
begin
  return (
    -- json functions, not jsonb: they write the text once and cost half.
    -- The two columns for old ids may have been dropped: a name that no table has is looked for further out, and found in absent.
    select (select json_build_object(
      'run', (select row_to_json(shown) from (
          select r.run_id, r.workflow_id, r.org_id, r.status, r.channel, r.external_id, r.started_at, r.ended_at, r.duration_ms, r.context,
                 r.config_snapshot, r.endpoints_used, r.error_message, r.error_details, r.created_at, r.created_by, r.updated_at,
                 legacy_trace_id, r.driver, r.workflow_version, r.input_data, r.output_data, r.events, r.parent_step_id, r.forked_from,
                 r.priority, r.tags, r.is_test, r.metadata, w.name as workflow) shown),
      'steps', (select coalesce(json_agg(row_to_json(shown) order by shown.step_number), '[]') from (
          select s.step_id, s.run_id, s.node_id, s.step_number, s.status, s.retry_count, s.started_at, s.ended_at, s.duration_ms,
                 s.input_data, s.output_data, s.screenshots, s.events, s.error_message, s.error_details, s.metadata, s.created_at,
                 s.updated_at, legacy_step_id, s.node_key, s.iteration
            from mainstem.user_workflow_run_step s where s.run_id = read_workflow_run.run_id) shown),
      'live_context', (select json_object_agg(c.key, c.value) from mainstem.user_workflow_run_context c where c.run_id = read_workflow_run.run_id),
      'log', (select json_agg(json_build_object('step_number', e.step_number, 'event_id', e.event_id, 'event_type', e.event_type,
                                                'event_data', e.event_data, 'timestamp', e.occurred_at) order by e.event_id)
                from mainstem.user_workflow_event e where e.run_id = read_workflow_run.run_id))
      from mainstem.user_workflow_run r
      join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
     where r.run_id = read_workflow_run.run_id)
      from (select null::bigint as legacy_trace_id, null::bigint as legacy_step_id) absent);
end $$;
comment on function mainstem.read_workflow_run(uuid) is 'A run with its steps as one document: run, steps in order, and what is not folded yet (live_context, log). NULL when there is none.';
