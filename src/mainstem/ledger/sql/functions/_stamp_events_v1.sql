create or replace function mainstem._stamp_events_v1(events jsonb, moment timestamptz) returns jsonb
language sql volatile
as $$
  select jsonb_agg(jsonb_build_object('event_id', gen_random_uuid(), 'event_type', e.value -> 'event_type', 'event_data', e.value -> 'event_data',
                                      'timestamp', moment - (e.value ->> 'age_us')::bigint * interval '1 microsecond') order by e.ordinality)
    from jsonb_array_elements(events) with ordinality e
$$;
comment on function mainstem._stamp_events_v1(jsonb, timestamptz) is 'Events as a recorder sends them, with ids and the database''s times: the list that the step''s row keeps.';
