create or replace function mainstem.fork_workflow_run(
  run_id uuid, from_step integer default null, input_data jsonb default null, context jsonb default null, version integer default null)
returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  source record;
  moment timestamptz := mainstem.clock();
  new_id uuid := mainstem.new_run_id(moment);
  first integer := coalesce(fork_workflow_run.from_step, 1);
begin
  perform mainstem._refuse_stricter_isolation();
  -- cleanup deletes its steps, and a retry from a step does: between two statements here they would leave a hole
  perform 1 from mainstem.user_workflow_run r where r.run_id = fork_workflow_run.run_id for share;
  perform mainstem._refuse_fork(fork_workflow_run.run_id, fork_workflow_run.from_step, fork_workflow_run.context, fork_workflow_run.version);
  perform mainstem.ensure_workflow_leaf(moment);
  insert into mainstem.user_workflow_run
    (run_id, workflow_id, org_id, status, channel, external_id, config_snapshot, created_at, created_by, updated_at, driver, workflow_version, input_data,
     forked_from, priority, tags, is_test, metadata)
  select new_id, r.workflow_id, r.org_id, 'pending', r.channel, r.external_id, r.config_snapshot, moment, r.created_by, moment, 'engine',
         coalesce(fork_workflow_run.version, r.workflow_version), coalesce(fork_workflow_run.input_data, r.input_data),
         mainstem.step_id(r.run_id, coalesce(fork_workflow_run.from_step, 0)), r.priority, r.tags, r.is_test,
         r.metadata - '{context_times,epoch,deadline,legacy}'::text[] || jsonb_build_object('fork', jsonb_build_object(
           'from_run', r.run_id, 'from_step', first, 'input', fork_workflow_run.input_data is not null,
           'context', fork_workflow_run.context is not null, 'version', fork_workflow_run.version is not null))
    from mainstem.user_workflow_run r where r.run_id = fork_workflow_run.run_id
  returning org_id, priority, metadata into source;
  -- statements of their own: a tenant writes rows only of runs that it has, and one statement does not see what it inserts
  insert into mainstem.user_workflow_run_step
    (step_id, run_id, org_id, node_id, step_number, status, retry_count, started_at, ended_at, duration_ms, input_data, output_data, screenshots,
     events, error_message, error_details, metadata, node_key, iteration)
  select mainstem.step_id(new_id, s.step_number), new_id, s.org_id, s.node_id, s.step_number, s.status, s.retry_count, s.started_at, s.ended_at,
         s.duration_ms, s.input_data, s.output_data, s.screenshots, s.events, s.error_message, s.error_details,
         s.metadata || jsonb_build_object('copied_from', s.step_id), s.node_key, s.iteration
    from mainstem.user_workflow_run_step s
   where s.run_id = fork_workflow_run.run_id and s.step_number < first and s.status in ('completed', 'failed', 'skipped');
  insert into mainstem.user_workflow_run_context (run_id, key, value, org_id)
  select new_id, c.key, c.value, source.org_id
    from (select coalesce(g.key, o.key) as key, coalesce(g.value, o.value) as value
            from mainstem.get_workflow_context(fork_workflow_run.run_id) o
            full join jsonb_each(coalesce(fork_workflow_run.context, '{}')) g on g.key = o.key) c;
  insert into mainstem.user_workflow_run_queue (run_id, org_id, queue, state, priority, due_at, concurrency_key)
  values (new_id, source.org_id, coalesce(source.metadata ->> 'queue', 'default'), 'ready', source.priority, moment, source.metadata ->> 'concurrency_key');
  perform mainstem._note_change(source.org_id, new_id, 0, 'pending');
  perform pg_notify('mainstem_ready', '');
  return new_id;
end $$;
comment on function mainstem.fork_workflow_run(uuid, integer, jsonb, jsonb, integer) is 'Begin a new run of the engine that goes on from a step of another, over or not: the steps before it are copied as recorded (metadata.copied_from), it and what came after is done anew. Without from_step nothing is copied. input_data replaces the input, context is laid over the old one key by key, version is that of the code. Gives its id; forked_from names the step. Raises MS001, MS006 (a step before is not over), MS008, MS009 (not the engine''s), MS010.';
