create or replace function mainstem._put_off_schedule_v1(org_id uuid, schedule_id uuid, expected timestamptz, delay interval) returns void
language sql volatile
as $$
  update mainstem.user_workflow_schedule s set look_at = mainstem.clock() + _put_off_schedule_v1.delay
   where s.org_id = _put_off_schedule_v1.org_id and s.schedule_id = _put_off_schedule_v1.schedule_id
     and s.next_at is not distinct from _put_off_schedule_v1.expected and s.look_at is not null
$$;
comment on function mainstem._put_off_schedule_v1(uuid, uuid, timestamptz, interval) is 'Look at a schedule later that could not be fired, so that it holds up no other.';
