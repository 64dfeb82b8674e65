create or replace function mainstem._event_id(at timestamptz, place integer) returns uuid
language sql volatile parallel safe
as $$
  select (lpad(to_hex(logged.us / 1000), 12, '0') || '7' || lpad(to_hex(logged.us % 1000), 3, '0')
          || '8' || lpad(to_hex(place), 7, '0') || right(gen_random_uuid()::text, 8))::uuid
    from (select (extract(epoch from at) * 1000000)::bigint) logged (us)
$$;
comment on function mainstem._event_id(timestamptz, integer) is 'A new UUIDv7 of an event that is logged at this moment, to the microsecond, at this place of its flush: in the order of ids the events of a step are in order, which by their times they are not when a flush was held up.';
