create or replace function mainstem.backfill_workflow_schedule(schedule_id uuid, ticks timestamptz[], expected integer default null) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  schedule mainstem.user_workflow_schedule;
  fresh timestamptz[];
begin
  perform mainstem._refuse_stricter_isolation();
  if expected is null then
    select s.* into schedule from mainstem.user_workflow_schedule s
     where s.org_id = mainstem.current_org() and s.schedule_id = backfill_workflow_schedule.schedule_id;
  else  -- one at a time, and none while a worker fires it
    select s.* into schedule from mainstem.user_workflow_schedule s
     where s.org_id = mainstem.current_org() and s.schedule_id = backfill_workflow_schedule.schedule_id for no key update;
  end if;
  if not found then
    raise exception using errcode = 'MS001', message = format('no schedule %s in this tenant', backfill_workflow_schedule.schedule_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  fresh := array(
    select distinct t.tick from unnest(ticks) t (tick)
     where t.tick <= mainstem.clock() and (schedule.is_paused or schedule.next_at is null or t.tick < schedule.next_at)  -- what is yet to be fired is no gap
       and not exists (select from mainstem.user_workflow_schedule_firing f
                        where f.org_id = schedule.org_id and f.schedule_id = schedule.schedule_id and f.scheduled_for = t.tick and f.outcome <> 'skipped')
     order by t.tick);
  if expected is null then
    return cardinality(fresh);
  elsif expected <> cardinality(fresh) then
    raise exception using errcode = 'MS612', message = format('the backfill would begin %s runs now, not %s', cardinality(fresh), expected),
      hint = 'Count again, and begin that many.';
  end if;
  insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, reason, run_id)
  select schedule.org_id, schedule.schedule_id, b.scheduled_for, 'started', 'backfilled', b.run_id from mainstem._begin_firings(schedule, fresh) b
  on conflict (org_id, schedule_id, scheduled_for) do update
     set outcome = 'started', reason = 'backfilled', run_id = excluded.run_id, fired_at = mainstem.clock();
  return cardinality(fresh);
end $$;
comment on function mainstem.backfill_workflow_schedule(uuid, timestamptz[], integer) is 'Begin the runs of past times of a schedule that have none, whatever its policies. Without expected it only counts them; with another number than there are it begins none. Gives how many. Raises MS001, MS008, MS612.';
