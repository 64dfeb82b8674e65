create or replace function mainstem._flush_v1(
  worker uuid, flush bigint, again boolean, starts mainstem._start_record[], steps mainstem._step_record[], closings mainstem._step_record[],
  events mainstem._event_record[], waits mainstem._wait_record[], endings mainstem._ending_record[])
returns table (run_id uuid, step_number integer, answer text, payload jsonb)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off  -- a plan cached while the tables were small would scan them for ever
set plan_cache_mode = force_generic_plan  -- the length of an array tempts the planner to plan anew, which takes longer than a small flush
as $$
#variable_conflict use_column
declare
  ids uuid[] := '{}';
  numbers integer[] := '{}';
  states text[] := '{}';
  orgs uuid[] := '{}';
  part record;
  recorded integer := 0;
begin
  perform mainstem._refuse_stricter_isolation();
  -- the whole fence: a reaper's FOR UPDATE meets this lock and cannot overtake
  if again then  -- wait for the flush whose answer was lost, should its backend still be at it
    perform 1 from mainstem.user_workflow_worker w where w.worker_id = worker and w.reaped_at is null for update;
  else
    perform 1 from mainstem.user_workflow_worker w where w.worker_id = worker and w.reaped_at is null for key share;
  end if;
  if not found then
    return query select null::uuid, null::integer, 'fenced', null::jsonb;
    return;
  end if;
  if again and exists (select from mainstem.user_workflow_change c where c.worker_id = worker and c.flush = _flush_v1.flush) then
    return query select * from mainstem._answers_again_v1(worker, flush, starts, steps, closings, waits, endings);
    return;
  end if;
  if cardinality(starts) > 0 then
    for part in select * from mainstem._start_runs_v1(worker, starts) loop
      run_id := part.run_id; step_number := part.place; answer := part.answer; payload := to_jsonb(mainstem.clock());
      return next;
      if part.answer = 'started' then
        ids := ids || part.run_id; numbers := numbers || 0; states := states || 'running'::text; orgs := orgs || starts[part.place].org_id;
      end if;
    end loop;
  end if;
  if cardinality(steps) > 0 then
    recorded := mainstem._record_steps_v1(worker, flush, steps);
  end if;
  if cardinality(events) > 0 then
    select * into part from mainstem._log_events_v1(worker, events);
    ids := ids || part.ids; numbers := numbers || part.numbers; states := states || part.states; orgs := orgs || part.orgs;
  end if;
  if cardinality(closings) > 0 then
    select * into part from mainstem._close_steps_v1(worker, closings);
    recorded := recorded + cardinality(part.ids);
    ids := ids || part.ids; numbers := numbers || part.numbers; states := states || part.states; orgs := orgs || part.orgs;
  end if;
  if cardinality(steps) + cardinality(closings) > recorded then
    return query
      select distinct s.run_id, null::integer, 'lost', null::jsonb from unnest(steps || closings) s
       where not exists (select from mainstem.user_workflow_run_queue q where q.run_id = s.run_id and q.worker_id = worker and q.epoch = s.epoch);
  end if;
  if cardinality(waits) > 0 then
    for part in select * from mainstem._record_waits_v1(worker, waits) loop
      run_id := part.run_id; step_number := part.step_number; answer := part.answer; payload := part.payload;
      return next;
      if part.state is not null then
        ids := ids || part.run_id; numbers := numbers || part.step_number; states := states || part.state; orgs := orgs || part.org_id;
      end if;
    end loop;
  end if;
  if cardinality(endings) > 0 then
    for part in select * from mainstem._end_runs_v1(worker, endings) loop
      run_id := part.run_id; step_number := 0; answer := part.answer; payload := null;
      if part.answer = 'ended' then
        ids := ids || part.run_id; numbers := numbers || 0; states := states || part.state; orgs := orgs || part.org_id;
      else
        return next;  -- that a run ended needs no answer: it is what was asked
      end if;
    end loop;
  end if;
  if cardinality(ids) > 0 then
    insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states, worker_id, flush)
    select c.org_id, array_agg(c.run_id), array_agg(c.step_number), array_agg(c.state), worker, _flush_v1.flush
      from unnest(orgs, ids, numbers, states) c (org_id, run_id, step_number, state) group by c.org_id;
  end if;
  if cardinality(ids) + recorded > 0 then
    perform pg_notify('mainstem_change', '');
  end if;
end $$;
comment on function mainstem._flush_v1(uuid, bigint, boolean, mainstem._start_record[], mainstem._step_record[], mainstem._step_record[], mainstem._event_record[], mainstem._wait_record[], mainstem._ending_record[]) is
  'One flush of a recorder: whatever its runs have to record, in one transaction behind one fence. steps are new rows, closings change rows that are there. Gives what was not simply recorded: fenced (everything: the worker was reaped), lost (another owns the run), busy (somebody holds a lock on the run: send the ending or wait again), signal, timeout, slept, due, open, suspended, cancel for waits, and each start''s answer with the time. again: the answer to this flush number was lost; it is recorded once and answered twice.';
