create or replace view mainstem.v_workflow_execution_timeline with (security_invoker = true) as
select happened.event_id, r.run_id, happened.step_id, happened.event_type, happened.event_data, happened."timestamp",
       r.workflow_id, r.channel, happened.node_id, coalesce(n.label, happened.node_key) as node_code, n.description as node_description, r.org_id
  from mainstem.user_workflow_run r
 cross join lateral (
    select null::uuid as event_id, null::uuid as step_id, null::uuid as node_id, null::text as node_key,
           'workflow_started' as event_type, jsonb_build_object('workflow_id', r.workflow_id, 'channel', r.channel, 'external_id', r.external_id) as event_data,
           r.started_at as "timestamp", 0 as place
     where r.started_at is not null
    union all
    select (e ->> 'event_id')::uuid, null, null, null, e ->> 'event_type', e -> 'event_data', (e ->> 'timestamp')::timestamptz, 1
      from jsonb_array_elements(r.events) e
    union all
    select log.event_id, open.step_id, open.node_id, open.node_key, log.event_type, log.event_data, log.occurred_at, 2
      from mainstem.user_workflow_event log
      left join mainstem.user_workflow_run_step open on open.run_id = r.run_id and open.step_number = log.step_number
     where log.run_id = r.run_id
    union all
    select told.event_id, s.step_id, s.node_id, s.node_key, told.event_type, told.event_data, told."timestamp", told.place
      from mainstem.user_workflow_run_step s
     cross join lateral (
        select null::uuid as event_id, 'step_started' as event_type,
               jsonb_build_object('node_id', s.node_id, 'step_number', s.step_number) as event_data, s.started_at as "timestamp", 1 as place
         where s.started_at is not null
        union all
        select (e ->> 'event_id')::uuid, e ->> 'event_type', e -> 'event_data', (e ->> 'timestamp')::timestamptz, 2 from jsonb_array_elements(s.events) e
        union all
        select null, 'step_completed', jsonb_build_object('status', s.status, 'duration_ms', s.duration_ms, 'error_message', s.error_message), s.ended_at, 3
         where s.ended_at is not null) told
     where s.run_id = r.run_id
    union all
    select null, null, null, null, 'workflow_completed',
           jsonb_build_object('status', r.status, 'duration_ms', r.duration_ms, 'error_message', r.error_message), r.ended_at, 4
     where r.ended_at is not null) happened
  left join mainstem.user_workflow_node n on n.org_id = r.org_id and n.node_id = happened.node_id
 order by r.run_id, happened."timestamp", happened.place;
comment on view mainstem.v_workflow_execution_timeline is 'What happened in a run, in order: its start, its steps'' starts and ends, every event, its end. Ask for one run_id or a few.';
