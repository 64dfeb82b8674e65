create or replace function mainstem._refuse_retry(run_id uuid, driver text, status text, from_step integer) returns void
language plpgsql stable
as $$
#variable_conflict use_column
begin
  if _refuse_retry.driver = 'recorded' then
    raise exception using errcode = 'MS009', message = format('run %s was recorded, and is moved elsewhere', _refuse_retry.run_id),
      hint = 'Retry it where it ran.';
  elsif _refuse_retry.status in ('completed', 'cancelled') then
    perform mainstem._refuse_run_over(_refuse_retry.run_id, _refuse_retry.status);
  elsif _refuse_retry.status not in ('failed', 'timeout') and not (_refuse_retry.status = 'paused' and _refuse_retry.driver = 'engine') then
    raise exception using errcode = 'MS006', message = format('run %s is %s, not failed', _refuse_retry.run_id, _refuse_retry.status),
      hint = 'Only a run that failed, timed out or is paused is retried.';
  elsif _refuse_retry.from_step is null then
    return;
  elsif _refuse_retry.driver <> 'engine' then
    raise exception using errcode = 'MS009', message = format('run %s is moved by its callers, who begin its steps themselves', _refuse_retry.run_id),
      hint = 'Retry it without a step, then the step that failed: retry_workflow_step.';
  elsif not exists (select from mainstem.user_workflow_run_step s
                     where s.run_id = _refuse_retry.run_id and s.step_number = _refuse_retry.from_step) then
    raise exception using errcode = 'MS001', message = format('run %s has no step %s', _refuse_retry.run_id, _refuse_retry.from_step),
      hint = 'Look at its steps: mainstem runs show RUN_ID.';
  end if;
end $$;
comment on function mainstem._refuse_retry(uuid, text, text, integer) is 'Raises what speaks against a retry: MS001 (no such step), MS003 (completed, cancelled), MS006 (not over), MS009 (moved by others).';
