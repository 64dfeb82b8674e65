insert into mainstem.user_workflow_run_step
  (step_id, run_id, org_id, step_number, node_id, node_key, status, input_data, output_data, error_message, started_at, ended_at,
   duration_ms, retry_count, legacy_step_id, created_at, updated_at, events, screenshots, metadata)
select mainstem.step_id(i.run_id, s.step_number), i.run_id, w.org_id, s.step_number, s.node_id, n.label, s.status::text, s.input_data,
       s.output_data, s.error_message, s.start_time, s.end_time, s.duration_ms, s.retry_count, s.step_id,
       coalesce(s.start_time, t.created_at), coalesce(s.end_time, s.start_time, t.created_at), coalesce(e.events, '[]'),
       coalesce(p.screenshots, '[]'),
       case when s.metadata is null then '{}' else jsonb_build_object('step_metadata', s.metadata) end
  from public.workflow_steps s
  join public.workflow_trace t using (trace_id)
  join public.given_id i using (trace_id)
  join public.user_workflow w using (workflow_id)
  left join public.user_workflow_node n using (node_id)
  left join (
    select step_id, jsonb_agg(jsonb_build_object('event_id', mainstem_consolidation.id_of_number(event_id), 'event_type', event_type,
             'event_data', event_data, 'timestamp', timestamp) order by timestamp, event_id) as events
      from public.workflow_events where step_id is not null group by step_id) e using (step_id)
  left join (
    select step_id, jsonb_agg(to_jsonb(p) - 'trace_id' - 'step_id' order by screenshot_id) as screenshots
      from public.workflow_trace_screenshot p where step_id is not null group by step_id) p using (step_id)
