create or replace function mainstem._set_context_v1(worker uuid, run_id uuid, epoch integer, key varchar, value jsonb) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
  -- the fence, as a flush has it: a worker that wakes after its lease would set a key back that its run has set again elsewhere
  perform 1 from mainstem.user_workflow_worker w where w.worker_id = worker and w.reaped_at is null for key share;
  if found then
    perform 1 from mainstem.user_workflow_run_queue q
     where q.run_id = _set_context_v1.run_id and q.worker_id = worker and q.epoch = _set_context_v1.epoch;
  end if;
  if not found then
    raise exception using errcode = 'MS002', message = format('another worker holds run %s', _set_context_v1.run_id), hint = 'Its holder carries on.';
  end if;
  perform mainstem.set_workflow_context(_set_context_v1.run_id, _set_context_v1.key, _set_context_v1.value);
end $$;
comment on function mainstem._set_context_v1(uuid, uuid, integer, varchar, jsonb) is 'Set one key of the context of a run that this worker owns. Raises MS002 (it is another''s, or the worker was reaped), and what set_workflow_context raises.';
