create or replace function mainstem.retry_workflow_run(run_id uuid) returns text
language plpgsql
as $$
#variable_conflict use_column
declare
  run record;
  moment timestamptz;
  again text;
begin
  perform mainstem._refuse_stricter_isolation();
  select r.org_id, r.status, r.driver, r.priority, r.metadata, r.error_message into run
    from mainstem.user_workflow_run r where r.run_id = retry_workflow_run.run_id for no key update;
  if not found then
    perform mainstem._refuse_missing_run(retry_workflow_run.run_id);
  elsif run.driver = 'recorded' then
    raise exception using errcode = 'MS009', message = format('run %s was recorded, and is moved elsewhere', retry_workflow_run.run_id),
      hint = 'Retry it where it ran.';
  elsif run.status in ('completed', 'cancelled') then
    perform mainstem._refuse_run_over(retry_workflow_run.run_id, run.status);
  elsif run.status not in ('failed', 'timeout') then
    raise exception using errcode = 'MS006', message = format('run %s is %s, not failed', retry_workflow_run.run_id, run.status),
      hint = 'Only a run that failed or timed out is retried; a paused one is resumed.';
  end if;
  moment := mainstem.clock();
  again := case run.driver when 'engine' then 'pending' else 'running' end;
  if run.driver = 'engine' then
    -- what ended the run is done again. A failure that its code caught, and after which it went on, stays as recorded: its replay needs it
    update mainstem.user_workflow_run_step s
       set status = 'pending', retry_count = s.retry_count + 1, started_at = null, ended_at = null, duration_ms = null,
           output_data = null, error_message = null, error_details = null, updated_at = moment,
           events = s.events || mainstem._old_ending('step_retried', moment, to_jsonb(s.retry_count), s.error_message, s.error_details, s.output_data, s.started_at, s.ended_at)
     where s.run_id = retry_workflow_run.run_id
       and (s.status = 'cancelled' and s.error_message = 'the run ended first'
            or s.status = 'failed' and (position(s.error_message in run.error_message) > 0 or not exists (
                 select from mainstem.user_workflow_run_step later
                  where later.run_id = retry_workflow_run.run_id and later.step_number > s.step_number and later.started_at >= s.ended_at)));
    insert into mainstem.user_workflow_run_queue (run_id, org_id, queue, state, priority, due_at, epoch, concurrency_key)
    values (retry_workflow_run.run_id, run.org_id, coalesce(run.metadata ->> 'queue', 'default'), 'ready', run.priority, moment,
            coalesce((run.metadata ->> 'epoch')::integer, 1000000), run.metadata ->> 'concurrency_key');
  end if;
  update mainstem.user_workflow_run r
     set status = again, ended_at = null, duration_ms = null, error_message = null, error_details = null, updated_at = moment,
         events = r.events || mainstem._old_ending('run_retried', moment, to_jsonb(r.status), r.error_message, r.error_details, r.output_data, r.started_at, r.ended_at)
   where r.run_id = retry_workflow_run.run_id;
  perform mainstem._note_change(run.org_id, retry_workflow_run.run_id, 0, again);
  if run.driver = 'engine' then
    perform pg_notify('mainstem_ready', '');
  end if;
  return again;
end $$;
comment on function mainstem.retry_workflow_run(uuid) is 'Take a run back that failed or timed out; the old ending is kept in its events as run_retried. One of the engine is pending: a worker replays what was completed and does again the step that failed it (and those that its end cut short). One that callers move is running: they retry its failed steps. Gives that status. Raises MS001, MS003 (completed, cancelled), MS006 (not over), MS008, MS009 (recorded elsewhere).';
