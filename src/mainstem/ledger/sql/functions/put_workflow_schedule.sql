create or replace function mainstem.put_workflow_schedule(definition jsonb, following timestamptz, replace boolean default false) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  given mainstem.user_workflow_schedule := jsonb_populate_record(null::mainstem.user_workflow_schedule, definition);
  org uuid := mainstem.current_org();
  put uuid;
begin
  if not exists (select from mainstem.user_workflow w where w.org_id = org and w.workflow_id = given.workflow_id) then
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', given.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  elsif not exists (select from mainstem.user_workflow_channel c where c.org_id = org and c.channel = given.channel) then
    raise exception using errcode = 'MS010', message = format('this organization has no channel %L', given.channel),
      hint = 'Add it to user_workflow_channel, or use one that is there.';
  end if;
  insert into mainstem.user_workflow_schedule as s
    (org_id, name, workflow_id, cron, every, once_at, zone, input_data, time_argument, channel, workflow_version, queue, priority,
     missed, missed_window, overlap, next_at, look_at, created_by)
  values (org, given.name, given.workflow_id, given.cron, given.every, given.once_at, given.zone, given.input_data, given.time_argument,
          given.channel, given.workflow_version, given.queue, given.priority, given.missed, given.missed_window, given.overlap,
          following, following, given.created_by)
  on conflict (org_id, name) do update
     set workflow_id = excluded.workflow_id, cron = excluded.cron, every = excluded.every, once_at = excluded.once_at, zone = excluded.zone,
         input_data = excluded.input_data, time_argument = excluded.time_argument, channel = excluded.channel,
         workflow_version = excluded.workflow_version, queue = excluded.queue, priority = excluded.priority, missed = excluded.missed,
         missed_window = excluded.missed_window, overlap = excluded.overlap, updated_at = mainstem.clock(),
         next_at = case when row(s.cron, s.every, s.once_at, s.zone) is not distinct from row(excluded.cron, excluded.every, excluded.once_at, excluded.zone)
                        then s.next_at else excluded.next_at end,
         look_at = case when row(s.cron, s.every, s.once_at, s.zone) is not distinct from row(excluded.cron, excluded.every, excluded.once_at, excluded.zone)
                        then s.look_at when not s.is_paused then excluded.next_at end
   where put_workflow_schedule.replace
  returning s.schedule_id into put;
  if put is null then
    raise exception using errcode = 'MS006', message = format('there is a schedule %L already', given.name),
      hint = 'Give another name, or delete that one first.';
  end if;
  perform pg_notify('mainstem_schedule', '');
  return put;
end $$;
comment on function mainstem.put_workflow_schedule(jsonb, timestamptz, boolean) is 'Enter a schedule of this tenant, a row of user_workflow_schedule as JSON, that comes round next at following; gives its id. replace: one of this name is made the same, stays paused, and keeps its next time when its times are the same. Raises MS001 (workflow), MS006 (the name is taken), MS010 (channel).';
