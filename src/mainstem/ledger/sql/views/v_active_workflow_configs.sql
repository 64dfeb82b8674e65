create or replace view mainstem.v_active_workflow_configs with (security_invoker = true) as
select c.config_id, c.org_id, c.workflow_id, c.name, c.config_type, c.config_data, c.created_at, c.created_by,
       trail.activated_at, trail.activated_by, w.name as workflow_name, o.name as org_name, c.channel, c.version, c.priority, c.is_enabled
  from mainstem.user_workflow_config c
  join mainstem.organization o on o.org_id = c.org_id
  left join mainstem.user_workflow w on w.org_id = c.org_id and w.workflow_id = c.workflow_id
  left join lateral (
    select a.activated_at, a.activated_by from mainstem.user_workflow_config_activation a
     where a.org_id = c.org_id and a.config_id = c.config_id order by a.activated_at desc limit 1) trail on true
 where c.is_active;
comment on view mainstem.v_active_workflow_configs is 'Configs that apply now, with their last activation.';
