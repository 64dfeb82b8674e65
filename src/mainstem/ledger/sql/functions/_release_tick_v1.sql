create or replace function mainstem._release_tick_v1(schedule mainstem.user_workflow_schedule) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  tick timestamptz;
  begun uuid;
begin
  if exists (select from mainstem.user_workflow_run_queue q where q.run_id = schedule.last_run_id and q.org_id = schedule.org_id) then
    return null;
  end if;
  select f.scheduled_for into tick from mainstem.user_workflow_schedule_firing f
   where f.org_id = schedule.org_id and f.schedule_id = schedule.schedule_id and f.outcome = 'queued' order by f.scheduled_for limit 1;
  if not found then
    return null;
  end if;
  select b.run_id into begun from mainstem._begin_firings(schedule, array[tick]) b;
  update mainstem.user_workflow_schedule_firing f set outcome = 'started', run_id = begun, fired_at = mainstem.clock()
   where f.org_id = schedule.org_id and f.schedule_id = schedule.schedule_id and f.scheduled_for = tick;
  return begun;
end $$;
comment on function mainstem._release_tick_v1(mainstem.user_workflow_schedule) is 'Begin the run of the first time that is queued, when the run before is over; NULL: none is queued, or it has to wait.';
