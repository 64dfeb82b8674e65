create or replace function mainstem._lock_caller_run(run_id uuid)
returns table (org_id uuid, workflow_id uuid, status text, started_at timestamptz)
language plpgsql
as $$
#variable_conflict use_column
declare
  run record;
begin
  perform mainstem._refuse_stricter_isolation();
  -- not FOR SHARE: two sharers that both go on to end the run would wait for one another
  select r.org_id, r.workflow_id, r.status, r.started_at, r.driver into run
    from mainstem.user_workflow_run r where r.run_id = _lock_caller_run.run_id for no key update;
  if not found then
    perform mainstem._refuse_missing_run(_lock_caller_run.run_id);
  end if;
  if run.driver = 'engine' then
    raise exception using errcode = 'MS009',
      message = format('run %s is moved by the engine', _lock_caller_run.run_id),
      hint = 'Ask instead of writing: cancel_workflow_run, send_workflow_signal, set_workflow_context.';
  end if;
  return query select run.org_id, run.workflow_id, run.status::text, run.started_at;
end $$;
comment on function mainstem._lock_caller_run(uuid) is 'Lock a run that its callers move, until the transaction ends. Raises MS001 when there is none, MS009 when the engine moves it.';
