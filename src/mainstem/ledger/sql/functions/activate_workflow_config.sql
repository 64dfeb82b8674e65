create or replace function mainstem.activate_workflow_config(config_id uuid, activated_by uuid default null) returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  chosen record;
  replaced uuid;
  trail uuid;
begin
  perform mainstem._refuse_stricter_isolation();
  select c.org_id, c.config_type, c.workflow_id, c.channel, c.is_active into chosen
    from mainstem.user_workflow_config c where c.config_id = activate_workflow_config.config_id;
  if not found then
    raise exception using errcode = 'MS001',
      message = format('no config %s in this tenant', activate_workflow_config.config_id), hint = 'Look at the id, then at the tenant.';
  end if;
  if activate_workflow_config.activated_by is not null and not exists (
       select from mainstem.app_user u where u.org_id = chosen.org_id and u.user_id = activate_workflow_config.activated_by) then
    raise exception using errcode = 'MS001', message = format('no user %s in this tenant', activate_workflow_config.activated_by),
      hint = 'Add the user to app_user, or pass NULL.';
  end if;
  -- one activation at a time for each scope; a hash, as the scope may have no row that is active
  perform pg_advisory_xact_lock(hashtextextended(format('%s %s %s %s', chosen.org_id, chosen.config_type, chosen.workflow_id, chosen.channel), 0));
  update mainstem.user_workflow_config c set is_active = false, updated_at = mainstem.clock()
   where c.org_id = chosen.org_id and c.config_type = chosen.config_type and c.is_active
     and c.workflow_id is not distinct from chosen.workflow_id and c.channel is not distinct from chosen.channel
     and c.config_id <> activate_workflow_config.config_id
  returning c.config_id into replaced;
  update mainstem.user_workflow_config c set is_active = true, updated_at = mainstem.clock()
   where c.org_id = chosen.org_id and c.config_id = activate_workflow_config.config_id;
  insert into mainstem.user_workflow_config_activation
    (org_id, config_id, config_type, workflow_id, channel, replaced_config_id, activated_by)
  values (chosen.org_id, activate_workflow_config.config_id, chosen.config_type, chosen.workflow_id, chosen.channel, replaced,
          activate_workflow_config.activated_by)
  returning activation_id into trail;
  return trail;
end $$;
comment on function mainstem.activate_workflow_config(uuid, uuid) is 'Make a config the active one of its scope, in place of the one before, and leave a trail; gives the activation''s id. Activating it again leaves another. Raises MS001 (config, user).';
