create or replace function mainstem.cleanup_old_execution_data(retention_days integer default 90)
returns table (deleted_traces bigint, deleted_steps bigint, deleted_events bigint, deleted_context bigint, scheduled_leaves bigint)
language plpgsql
as $$
#variable_conflict use_column
declare
  cutoff timestamptz := mainstem.clock() - make_interval(days => cleanup_old_execution_data.retention_days);
  doomed uuid[];
  batch record;
begin
  perform mainstem._refuse_stricter_isolation();
  if cleanup_old_execution_data.retention_days is null or cleanup_old_execution_data.retention_days < 1 or mainstem.current_org() is null then
    raise exception using errcode = 'MS010', message = 'cleanup needs at least one day of retention, and a tenant',
      hint = 'Set app.current_org_id in this transaction.';
  end if;
  deleted_traces := 0; deleted_steps := 0; deleted_events := 0; deleted_context := 0;
  for round in 1 .. 20 loop
    -- an id is never younger than its run's end: what began after the cutoff is in leaves that need not be read
    doomed := array(
      select r.run_id from mainstem.user_workflow_run r
       where r.org_id = mainstem.current_org() and r.run_id < mainstem.first_id_at(cutoff)
         and r.status in ('completed', 'failed', 'cancelled', 'timeout') and r.ended_at < cutoff
       order by r.run_id limit 500 for update skip locked);
    exit when cardinality(doomed) = 0;
    select * into batch from mainstem._delete_runs(doomed);
    deleted_traces := deleted_traces + batch.runs;
    deleted_steps := deleted_steps + batch.steps;
    deleted_events := deleted_events + batch.events;
    deleted_context := deleted_context + batch.context;
  end loop;
  scheduled_leaves := mainstem._retire_due_leaves();
  return next;
end $$;
comment on function mainstem.cleanup_old_execution_data(integer) is 'Delete this tenant''s runs that ended longer ago, up to 10,000 a call (call again until it gives 0), and schedule partitions that are due for every tenant, which maintenance drops. True counts. A run that is not over is never touched. Raises MS010.';
