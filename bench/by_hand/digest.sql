select 'runs', count(*), sum(hashtextextended(row(legacy_trace_id, workflow_id, org_id, channel, external_id, status, config_snapshot, started_at,
         ended_at, duration_ms, error_message, created_at, updated_at, created_by, driver, context, events, metadata)::text, 0)::numeric)::text
  from mainstem.user_workflow_run
union all
select 'steps', count(*), sum(hashtextextended(row(legacy_step_id, org_id, step_number, node_id, node_key, status, input_data, output_data,
         error_message, started_at, ended_at, duration_ms, retry_count, created_at, updated_at, events, screenshots, metadata)::text, 0)::numeric)::text
  from mainstem.user_workflow_run_step
