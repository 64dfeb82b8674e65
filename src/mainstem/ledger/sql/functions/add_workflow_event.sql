create or replace function mainstem.add_workflow_event(id uuid, event_type varchar, event_data jsonb default '{}') returns uuid
language plpgsql
as $$
#variable_conflict use_column
declare
  run record;
  step record;
  new_id uuid;
begin
  select * into run from mainstem._lock_caller_run(mainstem.run_of(id));
  if run.status in ('completed', 'failed', 'cancelled', 'timeout') then
    perform mainstem._refuse_run_over(mainstem.run_of(id), run.status);
  end if;
  if mainstem.step_number_of(id) > 0 then
    select * into step from mainstem._lock_caller_step(id);
    if step.status in ('completed', 'failed', 'skipped', 'cancelled') then
      raise exception using errcode = 'MS005',
        message = format('step %s of run %s has ended: %s', step.step_number, step.run_id, step.status),
        hint = 'Its log is closed. Add the event to the run, by the run''s id.';
    end if;
  end if;
  insert into mainstem.user_workflow_event (run_id, step_number, event_id, org_id, event_type, event_data)
  values (mainstem.run_of(id), mainstem.step_number_of(id), mainstem._event_id(mainstem.clock(), 1), run.org_id, add_workflow_event.event_type, coalesce(add_workflow_event.event_data, '{}'))
  returning event_id into new_id;
  return new_id;
end $$;
comment on function mainstem.add_workflow_event(uuid, varchar, jsonb) is 'Add an event to a step, or to a run, by its id; gives the event''s id. Raises MS001, MS003 (the run is over), MS005 (the step has ended), MS009.';
