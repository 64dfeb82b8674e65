create or replace function mainstem._settle_tick_v1(schedule mainstem.user_workflow_schedule, tick timestamptz) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  is_running boolean := exists (select from mainstem.user_workflow_run_queue q
                                where q.run_id = schedule.last_run_id and q.org_id = schedule.org_id);  -- a tenant writes the row: no id in it is taken on trust
  begun uuid;
  why text;
begin
  if exists (select from mainstem.user_workflow_schedule_firing f
              where f.org_id = schedule.org_id and f.schedule_id = schedule.schedule_id and f.scheduled_for = tick) then
    return null;  -- backfilled before it was due to be looked at
  elsif schedule.overlap = 'queue' then
    why := case when (select count(*) from mainstem.user_workflow_schedule_firing f
                       where f.org_id = schedule.org_id and f.schedule_id = schedule.schedule_id and f.outcome = 'queued') >= 100 then 'queue full' end;
    insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, reason)
    values (schedule.org_id, schedule.schedule_id, tick, case when why is null then 'queued' else 'skipped' end, why);
    return null;
  elsif schedule.overlap = 'skip' and is_running then
    insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, reason)
    values (schedule.org_id, schedule.schedule_id, tick, 'skipped', 'overlap');
    return null;
  elsif schedule.overlap = 'cancel' and is_running then
    perform mainstem.cancel_workflow_run(schedule.last_run_id, format('the next run of schedule %s began', schedule.name));
  end if;
  select b.run_id into begun from mainstem._begin_firings(schedule, array[tick]) b;
  insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, run_id)
  values (schedule.org_id, schedule.schedule_id, tick, 'started', begun);
  return begun;
end $$;
comment on function mainstem._settle_tick_v1(mainstem.user_workflow_schedule, timestamptz) is 'What becomes of one time of a schedule whose row is locked, by its overlap policy; the run that it began, or NULL.';
