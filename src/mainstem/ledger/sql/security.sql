-- Row level security on every table with an org_id: enabled, forced, policies by role. A missing or empty setting shows no rows.
-- Installed anew at each upgrade, so that what was switched off is on again and what was added is gone.
-- The owner has a policy of its own: without it a forced owner sees nothing, and VALIDATE CONSTRAINT passes over orphans.
do $$
declare
  tenant_table text;
  installed name;
begin
  foreach tenant_table in array array[
      'organization', 'app_user', 'user_api_key', 'user_workflow_channel', 'tenant_login',
      'user_workflow', 'user_workflow_version', 'user_workflow_node', 'user_workflow_transition', 'user_workflow_template',
      'user_workflow_config', 'user_workflow_config_activation',
      'user_workflow_run', 'user_workflow_run_step', 'user_workflow_event',
      'user_workflow_run_queue', 'user_workflow_signal', 'user_workflow_run_context', 'user_workflow_idempotency',
      'user_workflow_change', 'user_workflow_audit', 'user_workflow_schedule', 'user_workflow_schedule_firing', 'user_workflow_step_cache',
      'user_workflow_breakpoint'] loop
    execute format('alter table mainstem.%I enable row level security', tenant_table);
    execute format('alter table mainstem.%I force row level security', tenant_table);
    for installed in select p.polname from pg_policy p where p.polrelid = format('mainstem.%I', tenant_table)::regclass loop
      execute format('drop policy %I on mainstem.%I', installed, tenant_table);
    end loop;
    execute format($policy$create policy tenant on mainstem.%I to mainstem_app, mainstem_tenant, mainstem_reader
      using (org_id = (select nullif(current_setting('app.current_org_id', true), ''))::uuid)$policy$, tenant_table);
    execute format('create policy held_to_its_login on mainstem.%I as restrictive to mainstem_tenant
      using (org_id = (select mainstem.org_of_login()))', tenant_table);
    -- a tenant's login that is a reader too may SET ROLE, and as mainstem_reader it is no mainstem_tenant any more
    execute format('create policy held_to_its_login_as_reader on mainstem.%I as restrictive to mainstem_reader
      using (org_id = coalesce((select mainstem.org_of_login()), org_id))', tenant_table);
    execute format('create policy everything on mainstem.%I to mainstem_owner, mainstem_worker using (true)', tenant_table);
  end loop;
  -- Workers read these by run_id alone. A function, not a subquery: in a policy that one opens every leaf at every write.
  foreach tenant_table in array array[
      'user_workflow_run_step', 'user_workflow_event', 'user_workflow_run_queue', 'user_workflow_signal', 'user_workflow_run_context'] loop
    execute format('create policy held_to_its_own_runs on mainstem.%I as restrictive to mainstem_app, mainstem_tenant, mainstem_reader
      with check (mainstem._is_run_of(run_id, org_id))', tenant_table);
  end loop;
  foreach tenant_table in array array[
      'user_workflow_run', 'user_workflow_run_step', 'user_workflow_run_context', 'user_workflow', 'user_workflow_node'] loop
    execute format('create policy search on mainstem.%I for select to mainstem_search using (true)', tenant_table);
  end loop;
end $$;
