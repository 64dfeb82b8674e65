create or replace function mainstem.edit_workflow_schedule(schedule_id uuid, changes jsonb, expected timestamptz, following timestamptz) returns timestamptz
language plpgsql
as $$
#variable_conflict use_column
declare
  org uuid := mainstem.current_org();
  before mainstem.user_workflow_schedule;
  given mainstem.user_workflow_schedule;
  moment timestamptz := mainstem.clock();
begin
  perform mainstem._refuse_stricter_isolation();  -- who waits for the lock reads what its holder wrote
  select s.* into before from mainstem.user_workflow_schedule s
   where s.org_id = org and s.schedule_id = edit_workflow_schedule.schedule_id for no key update;
  if not found then
    raise exception using errcode = 'MS001', message = format('no schedule %s in this tenant', edit_workflow_schedule.schedule_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  elsif before.updated_at <> expected then
    raise exception using errcode = 'MS612', message = format('schedule %s was changed meanwhile, at %s', before.name, before.updated_at),
      hint = 'Read it again, and edit that.';
  end if;
  given := jsonb_populate_record(before, changes);
  if not exists (select from mainstem.user_workflow_channel c where c.org_id = org and c.channel = given.channel) then
    raise exception using errcode = 'MS010', message = format('this organization has no channel %L', given.channel),
      hint = 'Add it to user_workflow_channel, or use one that is there.';
  elsif exists (select from mainstem.user_workflow_schedule s where s.org_id = org and s.name = given.name and s.schedule_id <> before.schedule_id) then
    raise exception using errcode = 'MS006', message = format('there is a schedule %L already', given.name),
      hint = 'Give another name, or delete that one first.';
  end if;
  given.next_at := case when row(before.cron, before.every, before.once_at, before.zone) is not distinct from row(given.cron, given.every, given.once_at, given.zone)
                        then before.next_at else following end;
  update mainstem.user_workflow_schedule s
     set name = given.name, cron = given.cron, every = given.every, once_at = given.once_at, zone = given.zone, input_data = given.input_data,
         time_argument = given.time_argument, channel = given.channel, workflow_version = given.workflow_version, queue = given.queue,
         priority = given.priority, missed = given.missed, missed_window = given.missed_window, overlap = given.overlap,
         next_at = given.next_at, updated_at = greatest(moment, before.updated_at + interval '1 microsecond'),
         look_at = case when before.is_paused then null
                        when exists (select from mainstem.user_workflow_schedule_firing f
                                      where f.org_id = org and f.schedule_id = before.schedule_id and f.outcome = 'queued') then moment
                        else given.next_at end
   where s.org_id = org and s.schedule_id = before.schedule_id;
  perform pg_notify('mainstem_schedule', '');
  return given.next_at;
end $$;
comment on function mainstem.edit_workflow_schedule(uuid, jsonb, timestamptz, timestamptz) is 'Change parts of a schedule of this tenant, columns of user_workflow_schedule as JSON, for who read it as of updated_at expected. When its times change it comes round next at following, else when it would have; it stays paused when it is, and a time that has a firing gets no other. Gives when it comes round next. Raises MS001, MS006 (the name is taken), MS010 (channel), MS612 (it was changed meanwhile).';
