insert into mainstem.user_workflow_run
  (run_id, workflow_id, org_id, channel, external_id, status, config_snapshot, started_at, ended_at, duration_ms, error_message,
   created_at, updated_at, created_by, driver, legacy_trace_id, context, events, metadata)
select i.run_id, t.workflow_id, w.org_id, t.channel::text, t.external_id,
       case t.status when 'active' then 'running' else t.status::text end, t.config_snapshot, t.start_time, t.end_time, t.duration_ms,
       t.error_message, t.created_at, coalesce(t.end_time, t.start_time, t.created_at), t.created_by, 'recorded', t.trace_id,
       coalesce(c.context, '{}'), coalesce(e.events, '[]'),
       jsonb_strip_nulls(jsonb_build_object('screenshots', s.screenshots))
         || case when c.trace_id is null then '{}' else jsonb_build_object('context_times', c.times, 'context_ids', c.ids) end
  from public.workflow_trace t
  join public.given_id i using (trace_id)
  join public.user_workflow w using (workflow_id)
  left join (
    select trace_id, jsonb_object_agg(key, value) as context, jsonb_object_agg(key, context_id) as ids,
           jsonb_object_agg(key, jsonb_build_array(created_at, updated_at)) as times
      from public.workflow_trace_context group by trace_id) c using (trace_id)
  left join (
    select trace_id, jsonb_agg(jsonb_build_object('event_id', mainstem_consolidation.id_of_number(event_id), 'event_type', event_type,
             'event_data', event_data, 'timestamp', timestamp) order by timestamp, event_id) as events
      from public.workflow_events where step_id is null group by trace_id) e using (trace_id)
  left join (
    select trace_id, jsonb_agg(to_jsonb(p) - 'trace_id' - 'step_id' order by screenshot_id) as screenshots
      from public.workflow_trace_screenshot p where step_id is null group by trace_id) s using (trace_id)
