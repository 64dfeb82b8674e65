create or replace function mainstem._resolve_config(org_id uuid, workflow_id uuid, channel text) returns jsonb
language plpgsql stable
as $$
#variable_conflict use_column
declare
  layer jsonb;
  merged jsonb := '{}';
begin
  for layer in
    select c.config_data
      from mainstem.user_workflow_config c
     where c.org_id = _resolve_config.org_id and c.is_active and c.is_enabled
       and (c.workflow_id is null or c.workflow_id = _resolve_config.workflow_id)
       and (c.channel is null or c.channel = _resolve_config.channel)
     order by array_position(array['global', 'channel', 'workflow', 'workflow_channel'], c.config_type::text)
  loop
    merged := mainstem._deep_merge(merged, layer);
  end loop;
  return merged;
end $$;
comment on function mainstem._resolve_config(uuid, uuid, text) is 'The active configs of global, channel, workflow and workflow-channel, each over the one before.';
