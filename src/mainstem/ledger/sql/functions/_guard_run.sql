create or replace function mainstem._guard_run() returns trigger
language plpgsql
as $$
begin
  if old.status in ('failed', 'timeout') and new.status in ('pending', 'running')
     and new.events - (-1) = old.events and new.events -> -1 ->> 'event_type' = 'run_retried' then
    return new;
  end if;
  raise exception using errcode = 'MS006', message = format('run %s is %s and does not become %s', old.run_id, old.status, new.status),
    hint = 'Completed and cancelled are final; failed and timeout go back only by a retry, which keeps the old ending.';
end $$;
comment on function mainstem._guard_run() is 'Ended runs stay ended: only a retry that keeps the old ending in events takes a failed one back.';

create or replace trigger ended_runs_stay_ended before update on mainstem.user_workflow_run
  for each row when (old.status in ('completed', 'failed', 'cancelled', 'timeout') and new.status is distinct from old.status)
  execute function mainstem._guard_run();
