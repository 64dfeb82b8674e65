create or replace function mainstem.get_active_workflow_config(org_id uuid, workflow_id uuid, config_type mainstem.config_type) returns jsonb
language sql stable
as $$
  select c.config_data
    from mainstem.user_workflow_config c
   where c.org_id = get_active_workflow_config.org_id
     and c.config_type = get_active_workflow_config.config_type
     and (c.workflow_id is null or c.workflow_id = get_active_workflow_config.workflow_id)
     and c.is_active and c.is_enabled
   order by c.priority desc, c.channel
   limit 1
$$;
comment on function mainstem.get_active_workflow_config(uuid, uuid, mainstem.config_type) is 'The active config of this type for the workflow, NULL when there is none. Of several channels the one with the highest priority.';
