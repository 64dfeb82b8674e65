create or replace function mainstem._fire_schedule_v1(
  org_id uuid, schedule_id uuid, expected timestamptz, ticks timestamptz[], skipped integer, last_skipped timestamptz, following timestamptz)
returns text
language plpgsql
as $$
#variable_conflict use_column
declare
  schedule mainstem.user_workflow_schedule;
  tick timestamptz;
begin
  perform mainstem._refuse_stricter_isolation();
  select s.* into schedule from mainstem.user_workflow_schedule s
   where s.org_id = _fire_schedule_v1.org_id and s.schedule_id = _fire_schedule_v1.schedule_id for no key update skip locked;
  if not found or schedule.is_paused or schedule.next_at is distinct from expected then
    return 'elsewhere';
  elsif schedule.overlap = 'cancel' and cardinality(ticks) > 0 and not mainstem._may_cancel_v1(schedule.org_id, schedule.last_run_id) then
    return 'busy';
  end if;
  if skipped > 0 then
    insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, reason, ticks)
    values (schedule.org_id, schedule.schedule_id, last_skipped, 'skipped', 'missed', skipped) on conflict do nothing;
  end if;
  foreach tick in array ticks loop
    schedule.last_run_id := coalesce(mainstem._settle_tick_v1(schedule, tick), schedule.last_run_id);
  end loop;
  schedule.last_run_id := coalesce(mainstem._release_tick_v1(schedule), schedule.last_run_id);
  delete from mainstem.user_workflow_schedule_firing f using mainstem.organization o
   where o.org_id = schedule.org_id and f.org_id = schedule.org_id and f.schedule_id = schedule.schedule_id
     and f.scheduled_for < mainstem.clock() - make_interval(days => o.retention_days) and f.outcome <> 'queued';
  update mainstem.user_workflow_schedule s
     set next_at = following, last_run_id = schedule.last_run_id,
         last_at = greatest(s.last_at, last_skipped, ticks[cardinality(ticks)]),
         look_at = case when exists (select from mainstem.user_workflow_schedule_firing f
                                      where f.org_id = s.org_id and f.schedule_id = s.schedule_id and f.outcome = 'queued')
                        then least(following, mainstem.clock() + interval '1 second') else following end
   where s.org_id = schedule.org_id and s.schedule_id = schedule.schedule_id;
  return 'fired';
end $$;
comment on function mainstem._fire_schedule_v1(uuid, uuid, timestamptz, timestamptz[], integer, timestamptz, timestamptz) is 'Fire a schedule for the times given, note those that were missed, and move it on to the one that follows: all in one transaction, which finds next_at as it was expected or does nothing. Gives fired, elsewhere (another worker did, or it was changed), busy (the run to be cancelled is locked: look again).';
