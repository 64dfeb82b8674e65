create or replace function mainstem._list_events_v1(events mainstem._event_record[], run_id uuid, step_number integer, moment timestamptz) returns jsonb
language sql volatile
as $$
  select coalesce(jsonb_agg(jsonb_build_object('event_id', gen_random_uuid(), 'event_type', e.event_type, 'event_data', coalesce(e.event_data, '{}'),
                                               'timestamp', moment - e.age_us * interval '1 microsecond') order by e.ordinality), '[]')
    from unnest(events) with ordinality e
   where e.run_id = _list_events_v1.run_id and e.step_number = _list_events_v1.step_number
$$;
comment on function mainstem._list_events_v1(mainstem._event_record[], uuid, integer, timestamptz) is 'The events of one step that begins and ends in this flush, as the list that its row keeps.';
