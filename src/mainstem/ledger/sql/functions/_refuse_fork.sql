create or replace function mainstem._refuse_fork(run_id uuid, from_step integer, context jsonb, version integer) returns void
language plpgsql stable
as $$
#variable_conflict use_column
declare
  driver text;
  open_step record;
begin
  select r.driver into driver from mainstem.user_workflow_run r where r.run_id = _refuse_fork.run_id;
  if not found then
    perform mainstem._refuse_missing_run(_refuse_fork.run_id);
  elsif driver <> 'engine' then
    raise exception using errcode = 'MS009', message = format('run %s is not the engine''s: there is no code that could go on with it', _refuse_fork.run_id),
      hint = 'Fork a run that a worker runs.';
  elsif jsonb_typeof(coalesce(_refuse_fork.context, '{}')) <> 'object' or coalesce(_refuse_fork.version, 1) < 1 or coalesce(_refuse_fork.from_step, 1) < 1 then
    raise exception using errcode = 'MS010', message = 'a fork takes its context as an object, and version and step from 1 on',
      hint = 'Give the context as {"key": value}.';
  elsif _refuse_fork.from_step > 1 + (select coalesce(max(s.step_number), 0) from mainstem.user_workflow_run_step s where s.run_id = _refuse_fork.run_id) then
    raise exception using errcode = 'MS001', message = format('run %s has no step %s', _refuse_fork.run_id, _refuse_fork.from_step),
      hint = 'Look at its steps: mainstem runs show RUN_ID.';
  end if;
  select s.step_number, s.status into open_step from mainstem.user_workflow_run_step s
   where s.run_id = _refuse_fork.run_id and s.step_number < _refuse_fork.from_step and s.status in ('pending', 'running', 'waiting')
   order by s.step_number limit 1;
  if found then
    raise exception using errcode = 'MS006', message = format('step %s of run %s is %s', open_step.step_number, _refuse_fork.run_id, open_step.status),
      hint = 'Fork from this step or an earlier one, or wait until it has ended.';
  end if;
end $$;
comment on function mainstem._refuse_fork(uuid, integer, jsonb, integer) is 'Raises what speaks against a fork: MS001, MS006, MS009, MS010.';
