-- Rights on parents, views and functions only: nobody but the owner has any on a partition, and default privileges are never used.
revoke all on all functions in schema mainstem from public;
grant execute on all functions in schema mainstem to mainstem_app, mainstem_worker;
revoke execute on function mainstem._make_workflow_leaf(timestamptz, timestamptz) from mainstem_app, mainstem_worker;
revoke execute on function mainstem._caller_of_key(bytea), mainstem._measures() from mainstem_worker;
-- What a recorder calls, and what that calls, takes run ids on trust: it belongs to workers. A tenant only begins runs.
do $$
declare
  engines regprocedure;
begin
  for engines in
    select p.oid from pg_proc p
     where p.pronamespace = 'mainstem'::regnamespace and p.proname ~ '^_(.*_v[0-9]+|take_ready)$' and p.proname !~ '^_start_runs_v'
  loop
    execute format('revoke execute on function %s from mainstem_app', engines);
  end loop;
end $$;
grant execute on function mainstem.clock(), mainstem.current_org(), mainstem.org_of_login(), mainstem.run_of(uuid), mainstem.step_id(uuid, integer),
  mainstem.step_number_of(uuid), mainstem.first_id_at(timestamptz), mainstem.get_workflow_context(uuid, varchar), mainstem.read_workflow_run(uuid),
  mainstem._is_run_of(uuid, uuid),
  mainstem.search_workflow_runs(jsonb, jsonb, jsonb, timestamptz, timestamptz, integer),
  mainstem.find_workflow_runs(jsonb, text, boolean, text, uuid, integer, interval) to mainstem_reader, mainstem_tenant, mainstem_search;

grant select on mainstem.organization, mainstem.app_user, mainstem.user_workflow_channel, mainstem.user_workflow, mainstem.user_workflow_version,
  mainstem.user_workflow_node, mainstem.user_workflow_transition, mainstem.user_workflow_template, mainstem.user_workflow_config,
  mainstem.user_workflow_config_activation, mainstem.user_workflow_run, mainstem.user_workflow_run_step, mainstem.user_workflow_event,
  mainstem.user_workflow_run_queue, mainstem.user_workflow_signal, mainstem.user_workflow_run_context, mainstem.user_workflow_change
  to mainstem_app, mainstem_worker, mainstem_reader, mainstem_tenant;
grant select on mainstem.user_api_key, mainstem.user_workflow_idempotency, mainstem.user_workflow_worker, mainstem.user_workflow_leaf, mainstem.schema_info
  to mainstem_app, mainstem_worker;
grant insert, update, delete on mainstem.organization, mainstem.app_user, mainstem.user_api_key, mainstem.user_workflow_channel, mainstem.user_workflow,
  mainstem.user_workflow_node, mainstem.user_workflow_transition, mainstem.user_workflow_template,
  mainstem.user_workflow_config, mainstem.user_workflow_run, mainstem.user_workflow_run_step, mainstem.user_workflow_event,
  mainstem.user_workflow_run_queue, mainstem.user_workflow_signal, mainstem.user_workflow_run_context, mainstem.user_workflow_idempotency
  to mainstem_app, mainstem_worker;
grant insert on mainstem.user_workflow_config_activation to mainstem_app, mainstem_worker;
-- what was published stays as it was published: only which version is active changes
grant insert on mainstem.user_workflow_version to mainstem_app, mainstem_worker;
grant update (activated_at, activated_by, replaced_version) on mainstem.user_workflow_version to mainstem_app, mainstem_worker;
-- worker_id and flush are a recorder's receipt, xid the feed's order: a tenant writes neither
revoke insert on mainstem.user_workflow_change from mainstem_app;
grant insert (org_id, run_ids, step_numbers, states) on mainstem.user_workflow_change to mainstem_app;
grant insert on mainstem.user_workflow_change to mainstem_worker;
grant delete on mainstem.user_workflow_change to mainstem_worker;
grant insert, update, delete on mainstem.user_workflow_worker to mainstem_worker;
grant select on mainstem.user_workflow_schedule, mainstem.user_workflow_schedule_firing to mainstem_app, mainstem_worker, mainstem_reader, mainstem_tenant;
grant insert, update, delete on mainstem.user_workflow_schedule, mainstem.user_workflow_schedule_firing to mainstem_app, mainstem_worker;
-- nobody's rows: a server lets only the installation's own admins write it
grant select, insert, update, delete on mainstem.user_workflow_queue to mainstem_app, mainstem_worker;
-- append only: a server writes the trail and reads it, its times are the database's, and only the sweep deletes
grant select on mainstem.user_workflow_audit to mainstem_app, mainstem_worker;
grant insert (org_id, actor, key_id, user_id, action, target, details, request_id) on mainstem.user_workflow_audit to mainstem_app;
grant delete on mainstem.user_workflow_audit to mainstem_worker;
-- results come from workers alone: a tenant reads and clears its own
grant select on mainstem.user_workflow_step_cache to mainstem_app, mainstem_worker, mainstem_reader, mainstem_tenant;
grant delete on mainstem.user_workflow_step_cache to mainstem_app, mainstem_worker;
grant insert, update on mainstem.user_workflow_step_cache to mainstem_worker;
-- workers stop before them, and count that they did
grant select on mainstem.user_workflow_breakpoint to mainstem_app, mainstem_worker, mainstem_reader, mainstem_tenant;
grant insert, update, delete on mainstem.user_workflow_breakpoint to mainstem_app;
grant update (hits, last_hit_at, is_enabled) on mainstem.user_workflow_breakpoint to mainstem_worker;

grant select on mainstem.v_active_workflow_configs, mainstem.v_workflow_execution_summary, mainstem.v_workflow_channel_performance,
  mainstem.v_node_execution_stats, mainstem.v_workflow_execution_timeline, mainstem.v_failed_steps_analysis, mainstem.v_workflow_usage
  to mainstem_app, mainstem_worker, mainstem_reader, mainstem_tenant;

-- The search functions read as mainstem_search and add the tenant themselves.
grant select on mainstem.user_workflow_run, mainstem.user_workflow_run_step, mainstem.user_workflow_run_context, mainstem.user_workflow,
  mainstem.user_workflow_node, mainstem.user_workflow_leaf to mainstem_search;
grant execute on function mainstem._run_condition(jsonb, uuid, timestamptz), mainstem._run_comparison(text, jsonb, timestamptz), mainstem._run_column(text),
  mainstem._run_trait(text, text), mainstem._whole_below(jsonb), mainstem._words_condition(jsonb, uuid), mainstem._leaf_below(uuid), mainstem._looked_through_to(text, uuid, uuid), mainstem._words_of_run(text, text, jsonb, jsonb, jsonb) to mainstem_search;
grant create on schema mainstem to mainstem_search;
alter function mainstem.search_workflow_runs(jsonb, jsonb, jsonb, timestamptz, timestamptz, integer) owner to mainstem_search;
alter function mainstem.find_workflow_runs(jsonb, text, boolean, text, uuid, integer, interval) owner to mainstem_search;
revoke create on schema mainstem from mainstem_search;
