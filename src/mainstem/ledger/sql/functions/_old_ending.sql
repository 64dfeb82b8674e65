create or replace function mainstem._old_ending(
  event_type text, moment timestamptz, subject jsonb, error_message text, error_details jsonb, output_data jsonb, started_at timestamptz, ended_at timestamptz)
returns jsonb
language sql volatile
as $$
  select jsonb_build_array(jsonb_build_object(
    'event_id', gen_random_uuid(), 'event_type', event_type, 'timestamp', moment,
    'event_data', jsonb_build_object(
      case event_type when 'run_retried' then 'status' else 'retry_count' end, subject,
      'error_message', error_message, 'error_details', error_details, 'output_data', output_data,
      'started_at', started_at, 'ended_at', ended_at)))
$$;
comment on function mainstem._old_ending(text, timestamptz, jsonb, text, jsonb, jsonb, timestamptz, timestamptz) is 'What a retry keeps of the ending it undoes: one event, as a list to append.';
