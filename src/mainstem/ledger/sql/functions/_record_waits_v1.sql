create or replace function mainstem._record_waits_v1(worker uuid, waits mainstem._wait_record[])
returns table (run_id uuid, step_number integer, answer text, payload jsonb, state text, org_id uuid)
language plpgsql
set plan_cache_mode = auto
as $$
#variable_conflict use_column
declare
  waiting record;
  queued record;
  one mainstem._wait_record;
  kept record;
  settled boolean;
  names text[];
  due timestamptz;
begin
  for waiting in  -- each with its own, in their order
    select (n.w).run_id, (n.w).epoch, bool_and((n.w).suspend) as suspend, array_agg(n.w order by n.place) as waits
      from (select w, row_number() over () as place from unnest(waits) w) n group by 1, 2 order by 1 loop
    select q.org_id, q.cancel_requested_at, q.cancel_reason, q.worker_id, q.epoch into queued from mainstem.user_workflow_run_queue q
     where q.run_id = waiting.run_id for no key update skip locked;
    if not found and exists (select from mainstem.user_workflow_run_queue q where q.run_id = waiting.run_id and q.worker_id = worker and q.epoch = waiting.epoch) then
      return query select waiting.run_id, 0, 'busy', null::jsonb, null::text, null::uuid;
      continue;
    elsif not found or queued.worker_id is distinct from worker or queued.epoch <> waiting.epoch then
      return query select waiting.run_id, null::integer, 'lost', null::jsonb, null::text, null::uuid;
      continue;
    end if;
    settled := false; names := '{}'; due := 'infinity';
    foreach one in array waiting.waits loop
      for answer, payload, state in select s.answer, s.payload, s.state from mainstem._settle_wait_v1(queued.org_id, one) s loop
        run_id := one.run_id; step_number := one.step_number; org_id := queued.org_id;
        settled := settled or answer <> 'open';
        return next;
      end loop;
      select (s.metadata -> 'wait' ->> 'due')::timestamptz as due, s.metadata -> 'wait' ->> 'signal' as signal into kept
        from mainstem.user_workflow_run_step s where s.run_id = one.run_id and s.step_number = one.step_number;
      if kept.signal is not null then names := names || kept.signal; end if;
      due := least(due, kept.due);
    end loop;
    if settled or not waiting.suspend then
      continue;
    elsif queued.cancel_requested_at is not null then
      return query select waiting.run_id, 0, 'cancel', to_jsonb(queued.cancel_reason), null::text, null::uuid;
      continue;
    end if;
    perform 1 from mainstem.user_workflow_run r where r.run_id = waiting.run_id for no key update skip locked;
    if not found then  -- a user writes its row, and a flush waits for nobody
      return query select waiting.run_id, 0, 'busy', null::jsonb, null::text, null::uuid;
      continue;
    end if;
    update mainstem.user_workflow_run_queue q set state = 'waiting', worker_id = null, waiting_for = names, due_at = least(due, q.deadline_at), attempt = 0 where q.run_id = waiting.run_id;
    update mainstem.user_workflow_run r set status = 'waiting', updated_at = mainstem.clock() where r.run_id = waiting.run_id;
    return query select waiting.run_id, 0, 'suspended', null::jsonb, 'waiting', queued.org_id;
  end loop;
end $$;
comment on function mainstem._record_waits_v1(uuid, mainstem._wait_record[]) is 'Settle what runs wait for, each under the lock of its queue row and so in one order with every signal: answers signal (with the payload), timeout, slept, due, failed (with message and details) or open for each wait; then, when nothing was settled and nothing else can go on, suspended. busy: try again in the next flush.';
