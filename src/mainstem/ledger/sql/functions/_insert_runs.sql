create or replace function mainstem._insert_runs(worker uuid, starts mainstem._start_record[], answers text[], moment timestamptz) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
  with accepted as materialized (
    select s.* from unnest(starts) with ordinality s
     where answers[s.ordinality] = 'started'),
  resolved as materialized (
    select scope.org_id, scope.workflow_id, scope.channel, mainstem._resolve_config(scope.org_id, scope.workflow_id, scope.channel) as config
      from (select distinct a.org_id, a.workflow_id, a.channel from accepted a where a.config_snapshot is null) scope)
  insert into mainstem.user_workflow_run
    (run_id, workflow_id, org_id, status, channel, external_id, started_at, config_snapshot, created_at, created_by, updated_at,
     driver, workflow_version, input_data, parent_step_id, priority, tags, is_test, metadata)
  select a.run_id, a.workflow_id, a.org_id, case when worker is null then 'pending' else 'running' end, a.channel, a.external_id,
         case when worker is null then null else moment end, coalesce(a.config_snapshot, c.config), moment, a.created_by, moment,
         'engine', case a.workflow_version when 0 then coalesce((
           select coalesce(w.active_version, w.code_version) from mainstem.user_workflow w where w.org_id = a.org_id and w.workflow_id = a.workflow_id), 1)
         else a.workflow_version end, a.input_data, a.parent_step_id, a.priority, a.tags, a.is_test,
         case when a.queue = 'default' and a.traceparent is null and a.concurrency_key is null and a.test is null then '{}'
              else jsonb_strip_nulls(jsonb_build_object('queue', nullif(a.queue, 'default'), 'traceparent', a.traceparent, 'concurrency_key', a.concurrency_key))
                || case when a.test is null then '{}' else jsonb_build_object('test', a.test) end end
    from accepted a
    left join resolved c on c.org_id = a.org_id and c.workflow_id = a.workflow_id and c.channel = a.channel and a.config_snapshot is null;
  -- a statement of its own: a tenant queues only runs that it has, and one statement does not see what it inserts
  insert into mainstem.user_workflow_run_queue (run_id, org_id, queue, state, priority, due_at, worker_id, epoch, concurrency_key)
  select s.run_id, s.org_id, s.queue, case when worker is null then 'ready' else 'owned' end, s.priority, moment, worker,
         case when worker is null then 0 else 1 end, s.concurrency_key
    from unnest(starts) with ordinality s where answers[s.ordinality] = 'started';
  if worker is null then  -- a worker's flush notes them itself: with its receipt
    insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states)
    select s.org_id, array_agg(s.run_id), array_agg(0), array_agg('pending'::text)
      from unnest(starts) with ordinality s where answers[s.ordinality] = 'started' group by s.org_id;
    perform pg_notify('mainstem_change', ''), pg_notify('mainstem_ready', '');
  end if;
end $$;
comment on function mainstem._insert_runs(uuid, mainstem._start_record[], text[], timestamptz) is 'The accepted runs of a batch, each with its queue row and the config that applied.';
