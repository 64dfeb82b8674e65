create or replace function mainstem.retry_workflow_run(run_id uuid, from_step integer default null) returns text
language plpgsql
as $$
#variable_conflict use_column
declare
  run record;
  moment timestamptz;
  again text;
  ending jsonb;
begin
  perform mainstem._refuse_stricter_isolation();
  perform 1 from mainstem.user_workflow_run_queue q where q.run_id = retry_workflow_run.run_id for update;  -- of a paused one
  select r.org_id, r.status, r.driver, r.priority, r.metadata, r.error_message, r.error_details, r.output_data, r.started_at, r.ended_at into run
    from mainstem.user_workflow_run r where r.run_id = retry_workflow_run.run_id for no key update;
  if not found then
    perform mainstem._refuse_missing_run(retry_workflow_run.run_id);
  end if;
  perform mainstem._refuse_retry(retry_workflow_run.run_id, run.driver, run.status, retry_workflow_run.from_step);
  moment := mainstem.clock();
  again := case run.driver when 'engine' then 'pending' else 'running' end;
  ending := mainstem._old_ending('run_retried', moment, to_jsonb(run.status), run.error_message, run.error_details, run.output_data, run.started_at, run.ended_at);
  if retry_workflow_run.from_step is not null then
    ending := jsonb_set(ending, '{0,event_data,from_step}', to_jsonb(retry_workflow_run.from_step));
    ending := jsonb_set(ending, '{0,event_data,set_aside}', mainstem._set_aside_steps(retry_workflow_run.run_id, retry_workflow_run.from_step));
  end if;
  if run.driver = 'engine' then
    perform mainstem._begin_again(retry_workflow_run.run_id, retry_workflow_run.from_step, run.error_message);
    insert into mainstem.user_workflow_run_queue as q (run_id, org_id, queue, state, priority, due_at, epoch, concurrency_key)
    values (retry_workflow_run.run_id, run.org_id, coalesce(run.metadata ->> 'queue', 'default'), 'ready', run.priority, moment,
            coalesce((run.metadata ->> 'epoch')::integer, 1000000), run.metadata ->> 'concurrency_key')
    on conflict (run_id) do update set state = 'ready', due_at = moment, attempt = 0, deadline_at = null;
  end if;
  update mainstem.user_workflow_run r
     set status = again, ended_at = null, duration_ms = null, error_message = null, error_details = null, updated_at = moment,
         metadata = r.metadata - 'deadline', events = r.events || ending
   where r.run_id = retry_workflow_run.run_id;
  perform mainstem._note_change(run.org_id, retry_workflow_run.run_id, 0, again);
  if run.driver = 'engine' then
    perform pg_notify('mainstem_ready', '');
  end if;
  return again;
end $$;
comment on function mainstem.retry_workflow_run(uuid, integer) is 'Take a run back that failed, timed out or is paused; the old ending is kept in its events as run_retried. One of the engine is pending: a worker replays what was completed and does again the step that failed it (and those that its end cut short). from_step: that step and all that began after it are set aside, into the same event, and done again. One that callers move is running: they retry its failed steps. Gives that status. Raises MS001, MS003 (completed, cancelled), MS006 (not over), MS008, MS009 (recorded elsewhere).';
