create or replace function mainstem.resolve_workflow_config(workflow_id uuid, channel mainstem.workflow_channel) returns jsonb
language sql stable
as $$
  select mainstem._resolve_config(mainstem.current_org(), resolve_workflow_config.workflow_id, resolve_workflow_config.channel)
$$;
comment on function mainstem.resolve_workflow_config(uuid, mainstem.workflow_channel) is 'What applies to a run of this workflow in this channel: global, under channel, under workflow, under workflow-channel, merged key by key. {} when nothing is active.';
