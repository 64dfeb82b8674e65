create or replace function mainstem._has_loose_ends_v1(run_id uuid) returns boolean
language sql stable
as $$
  select exists (select from mainstem.user_workflow_run_context c where c.run_id = _has_loose_ends_v1.run_id)
      or exists (select from mainstem.user_workflow_signal s where s.run_id = _has_loose_ends_v1.run_id)
      or exists (select from mainstem.user_workflow_event e where e.run_id = _has_loose_ends_v1.run_id and e.step_number = 0)
      or exists (select from mainstem.user_workflow_run_step s where s.run_id = _has_loose_ends_v1.run_id and s.status in ('pending', 'running', 'waiting'))
$$;
comment on function mainstem._has_loose_ends_v1(uuid) is 'Whether a run has context, signals, events or open steps to fold in when it ends.';
