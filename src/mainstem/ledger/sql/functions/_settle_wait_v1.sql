create or replace function mainstem._settle_wait_v1(org_id uuid, one mainstem._wait_record)
returns table (answer text, payload jsonb, state text)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  step record;
  taken record;
begin
  if one.kind in ('child', 'start') then
    return query select * from mainstem._settle_child_v1(org_id, one);
    return;
  end if;
  insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, iteration, status, started_at, input_data, metadata)
  values (mainstem.step_id(one.run_id, one.step_number), one.run_id, _settle_wait_v1.org_id, one.step_number, one.node_key, one.iteration, 'waiting', moment,
          coalesce(one.given, jsonb_strip_nulls(jsonb_build_object('signal', one.signal, 'seconds', one.timeout_us / 1e6))), coalesce(one.metadata, '{}'))
  on conflict (run_id, step_number) do nothing;
  update mainstem.user_workflow_run_step s
     set status = 'waiting', started_at = case s.status when 'pending' then moment else s.started_at end,  -- a breakpoint let it go on
         metadata = s.metadata || jsonb_build_object('wait', jsonb_strip_nulls(jsonb_build_object(
           'kind', one.kind, 'signal', one.signal, 'due', moment + one.timeout_us * interval '1 microsecond')))
   where s.run_id = one.run_id and s.step_number = one.step_number and s.status in ('waiting', 'pending') and s.metadata -> 'wait' is null;
  select (s.metadata -> 'wait' ->> 'due')::timestamptz as due, s.status, s.output_data, s.metadata ? 'timed_out' as timed_out into step
    from mainstem.user_workflow_run_step s where s.run_id = one.run_id and s.step_number = one.step_number;
  if step.status = 'completed' then  -- asked again, as the answer was lost: what it took is its answer, and it takes nothing more
    return query select case when one.kind = 'sleep' then 'slept' when step.timed_out then 'timeout' else 'signal' end, step.output_data, null::text;
    return;
  end if;
  if one.kind in ('signal', 'approval') then
    delete from mainstem.user_workflow_signal g
     where g.run_id = one.run_id and g.signal_id = (
       select first.signal_id from mainstem.user_workflow_signal first
        where first.run_id = one.run_id and first.name = one.signal order by first.sent_at, first.signal_id limit 1)
    returning g.signal_id, g.payload into taken;
    if found then
      update mainstem.user_workflow_run_queue q set signals = greatest(0, q.signals - 1) where q.run_id = one.run_id;
      payload := case one.kind when 'approval' then taken.payload -> 'answer' else taken.payload end;
      perform mainstem._end_wait_v1(one.run_id, one.step_number, payload, jsonb_build_object('signal_id', taken.signal_id)
        || case one.kind when 'approval' then jsonb_build_object('answered_by', taken.payload -> 'by') else '{}' end);
      return query select 'signal', payload, 'completed';
      return;
    end if;
  end if;
  if coalesce(step.due, 'infinity') > moment then
    return query select 'open', null::jsonb, null::text;
  elsif one.kind = 'retry' then
    return query select 'due', null::jsonb, null::text;
  else
    perform mainstem._end_wait_v1(one.run_id, one.step_number, null,
      case one.kind when 'sleep' then '{}' else jsonb_build_object('timed_out', true) end);
    return query select case one.kind when 'sleep' then 'slept' else 'timeout' end, null::jsonb, 'completed';
  end if;
end $$;
comment on function mainstem._settle_wait_v1(uuid, mainstem._wait_record) is 'One wait, under the lock that the caller holds: its step is recorded as waiting the first time, with the moment it is due; then a signal is taken, or the time has come, or it stays open.';
