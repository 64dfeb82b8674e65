create or replace function mainstem.start_workflow_execution(
  workflow_id uuid, channel mainstem.workflow_channel, external_id varchar, config_snapshot jsonb, created_by uuid)
returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  new_id uuid := mainstem.new_run_id(moment);
  org uuid;
begin
  select w.org_id into org from mainstem.user_workflow w
   where w.workflow_id = start_workflow_execution.workflow_id and w.org_id = mainstem.current_org();
  if not found then
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', start_workflow_execution.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  if not exists (select from mainstem.user_workflow_channel c where c.org_id = org and c.channel = start_workflow_execution.channel) then
    raise exception using errcode = 'MS010', message = format('this organization has no channel %L', start_workflow_execution.channel),
      hint = 'Add it to user_workflow_channel, or use one that is there.';
  end if;
  if start_workflow_execution.created_by is not null and not exists (
       select from mainstem.app_user u where u.org_id = org and u.user_id = start_workflow_execution.created_by) then
    raise exception using errcode = 'MS001', message = format('no user %s in this tenant', start_workflow_execution.created_by),
      hint = 'Add the user to app_user, or pass NULL.';
  end if;
  perform mainstem.ensure_workflow_leaf(moment);
  insert into mainstem.user_workflow_run
    (run_id, workflow_id, org_id, status, channel, external_id, started_at, config_snapshot, created_by, driver)
  values
    (new_id, start_workflow_execution.workflow_id, org, 'running', start_workflow_execution.channel, start_workflow_execution.external_id,
     moment,
     coalesce(start_workflow_execution.config_snapshot, mainstem._resolve_config(org, start_workflow_execution.workflow_id, start_workflow_execution.channel)),
     start_workflow_execution.created_by, 'caller');
  perform mainstem._note_change(org, new_id, 0, 'running');
  return new_id;
end $$;
comment on function mainstem.start_workflow_execution(uuid, mainstem.workflow_channel, varchar, jsonb, uuid) is 'Begin a run that its callers move; gives its id. Each call begins another: external_id is no key. config_snapshot NULL records what resolve_workflow_config gives. Raises MS001 (workflow, user), MS010 (channel).';
