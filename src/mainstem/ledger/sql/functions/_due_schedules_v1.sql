create or replace function mainstem._due_schedules_v1(most integer default 100)
returns table (org_id uuid, schedule_id uuid, name text, cron text, every interval, once_at timestamptz, zone text, missed text,
               missed_window interval, next_at timestamptz, moment timestamptz)
language plpgsql
as $$
#variable_conflict use_column
declare
  now_is timestamptz := mainstem.clock();  -- a variable can be an index condition, a volatile function cannot
begin
  return query
    select s.org_id, s.schedule_id, s.name::text, s.cron, s.every, s.once_at, s.zone, s.missed, s.missed_window, s.next_at, now_is
      from mainstem.user_workflow_schedule s
     where s.look_at <= now_is order by s.look_at limit most;
end $$;
comment on function mainstem._due_schedules_v1(integer) is 'Schedules of every tenant that are to be looked at, with the moment that they are judged by. It locks nothing: _fire_schedule_v1 does, and sees whether another worker was there first.';
