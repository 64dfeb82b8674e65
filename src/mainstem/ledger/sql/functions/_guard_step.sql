create or replace function mainstem._guard_step() returns trigger
language plpgsql
as $$
begin
  if (old.status = 'failed' or old.status = 'cancelled' and old.error_message = 'the run ended first') and new.status in ('pending', 'running') and new.retry_count = old.retry_count + 1
     and new.events - (-1) = old.events and new.events -> -1 ->> 'event_type' = 'step_retried' then
    return new;
  elsif (old.status = 'failed' or old.status = 'cancelled' and old.error_message = 'the run ended first' or old.metadata ? 'amended')
     and new.status in ('completed', 'skipped') and new.metadata ? 'amended'
     and new.events - (-1) = old.events and new.events -> -1 ->> 'event_type' in ('step_patched', 'step_skipped') then
    return new;
  end if;
  raise exception using errcode = 'MS006',
    message = format('step %s of run %s is %s and does not become %s', old.step_number, old.run_id, old.status, new.status),
    hint = 'Completed, skipped and cancelled are final; failed goes back only by a retry, or is patched or skipped: each keeps the failed attempt.';
end $$;
comment on function mainstem._guard_step() is 'Ended steps stay ended: only a retry that keeps the failed attempt in events takes back one that failed, or that its run''s end cut short; and only with it a person ends such a step otherwise.';

create or replace trigger ended_steps_stay_ended before update on mainstem.user_workflow_run_step
  for each row when (old.status in ('completed', 'failed', 'skipped', 'cancelled') and new.status is distinct from old.status)
  execute function mainstem._guard_step();
