create or replace function mainstem._fold_run(run_id uuid, status text, error_message text, error_details jsonb, output_data jsonb, endpoints_used jsonb, epoch integer)
returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  leftover jsonb;
  keys jsonb;
  times jsonb;
begin
  with gone as (delete from mainstem.user_workflow_run_context c where c.run_id = _fold_run.run_id
                returning key, value, created_at, updated_at)
  select jsonb_object_agg(key, value), jsonb_object_agg(key, jsonb_build_array(created_at, updated_at)) into keys, times from gone;
  with gone as (delete from mainstem.user_workflow_signal s where s.run_id = _fold_run.run_id
                returning signal_id, name, payload, sent_at)
  select jsonb_agg(jsonb_build_object('event_id', signal_id, 'event_type', 'signal_not_taken',
                                      'event_data', jsonb_build_object('name', name, 'payload', payload), 'timestamp', sent_at)
                   order by sent_at, signal_id) filter (where name not like 'mainstem:%')
    into leftover from gone;
  update mainstem.user_workflow_run r
     set status = _fold_run.status,
         ended_at = greatest(moment, r.started_at),
         started_at = coalesce(r.started_at, moment),
         duration_ms = greatest(0, extract(epoch from moment - coalesce(r.started_at, moment)) * 1000)::bigint,
         output_data = coalesce(_fold_run.output_data, r.output_data),
         error_message = case when _fold_run.status = 'failed' then coalesce(_fold_run.error_message, 'no reason was given') else _fold_run.error_message end,
         error_details = _fold_run.error_details,
         endpoints_used = coalesce(_fold_run.endpoints_used, r.endpoints_used),
         context = r.context || coalesce(keys, '{}'),
         events = r.events || mainstem._fold_events(r.run_id, 0) || coalesce(leftover, '[]'),
         metadata = r.metadata
           || case when times is null then '{}'
                   else jsonb_build_object('context_times', coalesce(r.metadata -> 'context_times', '{}') || times) end
           || case when _fold_run.epoch is null then '{}' else jsonb_build_object('epoch', _fold_run.epoch) end,
         updated_at = moment
   where r.run_id = _fold_run.run_id;
  update mainstem.user_workflow_run_step s
     set status = 'cancelled', ended_at = greatest(moment, s.started_at), error_message = coalesce(s.error_message, 'the run ended first'),
         duration_ms = greatest(0, extract(epoch from moment - s.started_at) * 1000)::bigint,
         events = s.events || mainstem._fold_events(s.run_id, s.step_number), updated_at = moment
   where s.run_id = _fold_run.run_id and s.status in ('pending', 'running', 'waiting');
end $$;
comment on function mainstem._fold_run(uuid, text, text, jsonb, jsonb, jsonb, integer) is 'End a run whose row the caller has locked: fold context, events and signals not taken into it, and cancel the steps that are still open.';
