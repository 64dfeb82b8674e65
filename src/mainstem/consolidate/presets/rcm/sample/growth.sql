-- Plain runs for a bench: %(runs)s of them, ten steps each, two events a step, two keys of context. Made in the server, from ids that the
-- sequences reserve; the rows fit one another, so that no foreign key is looked up.
insert into workflow_trace
  (trace_id, workflow_id, channel, external_id, status, config_snapshot, start_time, end_time, duration_ms, error_message, created_at, created_by)
select %(trace)s + n, %(workflow)s::uuid, (array['web', 'voice', 'efax'])[1 + n %% 3]::workflow_channel, 'B-' || n, state.status::trace_status,
       jsonb_build_object('limit', n %% 900, 'review', n %% 2 = 0), began.at,
       case when state.is_over then began.at + interval '50 s' end, case when state.is_over then 50000 end,
       case when state.status = 'failed' then 'the portal did not answer' end, began.at, %(user)s::uuid
  from generate_series(1, %(runs)s) n
 cross join lateral (select timestamptz '2024-01-01 00:00:00+00' + n * interval '290 days' / %(runs)s as at) began
 cross join lateral (
    select case when n %% 25 = 0 then 'active' when n %% 25 = 1 then 'timeout' when n %% 25 in (2, 3) then 'failed' else 'completed' end as status,
           n %% 25 <> 0 as is_over) state;

insert into workflow_steps
  (step_id, trace_id, node_id, step_number, status, input_data, output_data, error_message, start_time, end_time, duration_ms, retry_count, metadata)
select %(step)s + (n - 1) * 10 + k, %(trace)s + n, (%(nodes)s::uuid[])[1 + k %% 5], k, state.status::step_status,
       jsonb_build_object('page', k, 'document', 'shots/' || n || '.pdf'),
       case when state.status = 'completed' then jsonb_build_object('amount', n + k, 'note', 'read on page ' || k) end,
       case when state.status = 'failed' then 'the portal did not answer' end,
       began.at + k * interval '4 s', case when state.is_over then began.at + k * interval '4 s' + interval '3 s' end,
       case when state.is_over then 3000 end, 0, case when k %% 4 = 0 then jsonb_build_object('worker', 'w' || k) end
  from generate_series(1, %(runs)s) n cross join generate_series(1, 10) k
 cross join lateral (select timestamptz '2024-01-01 00:00:00+00' + n * interval '290 days' / %(runs)s as at) began
 cross join lateral (
    select case when k < 10 then 'completed' when n %% 25 = 0 then 'running' when n %% 25 in (2, 3) then 'failed' else 'completed' end as status,
           k < 10 or n %% 25 <> 0 as is_over) state;

insert into workflow_events (event_id, trace_id, step_id, event_type, event_data, timestamp)
select %(event)s + (n - 1) * 20 + e, %(trace)s + n, %(step)s + (n - 1) * 10 + (e + 1) / 2,
       case when e %% 2 = 1 then 'step_started' else 'step_completed' end,
       case when e %% 2 = 1 then jsonb_build_object('step_number', (e + 1) / 2) else jsonb_build_object('status', 'completed', 'duration_ms', 3000) end,
       timestamptz '2024-01-01 00:00:00+00' + n * interval '290 days' / %(runs)s + e * interval '2 s'
  from generate_series(1, %(runs)s) n cross join generate_series(1, 20) e;

insert into workflow_trace_context (context_id, trace_id, key, value, created_at, updated_at)
select %(context)s + (n - 1) * 2 + c, %(trace)s + n, case when c = 1 then 'member' else 'amount' end,
       case when c = 1 then jsonb_build_object('id', 'A-' || n) else to_jsonb(n) end,
       timestamptz '2024-01-01 00:00:00+00' + n * interval '290 days' / %(runs)s + interval '1 s', null
  from generate_series(1, %(runs)s) n cross join generate_series(1, 2) c;
