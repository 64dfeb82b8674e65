create or replace function mainstem._answers_again_v1(
  worker uuid, flush bigint, starts mainstem._start_record[], steps mainstem._step_record[], closings mainstem._step_record[],
  waits mainstem._wait_record[], endings mainstem._ending_record[])
returns table (run_id uuid, step_number integer, answer text, payload jsonb)
language plpgsql
as $$
#variable_conflict use_column
begin
  -- starts and waits find what they did before and say it again; a wait that ended is read from its step
  if cardinality(starts) > 0 then
    return query
      select coalesce(i.run_id, s.run_id), s.ordinality::integer,
             case when r.run_id is not null then 'started' when i.run_id is not null and i.request_digest = s.request_digest then 'existing'
                  when i.run_id is not null then 'conflict' else 'no workflow' end, null::jsonb
        from unnest(starts) with ordinality s
        left join mainstem.user_workflow_run r on r.run_id = s.run_id
        left join mainstem.user_workflow_idempotency i on i.org_id = s.org_id and i.workflow_id = s.workflow_id and i.key = s.idempotency_key;
  end if;
  return query
    with noted as (
      select n.run_id, n.step_number, n.state
        from mainstem.user_workflow_change c cross join lateral unnest(c.run_ids, c.step_numbers, c.states) n (run_id, step_number, state)
       where c.worker_id = worker and c.flush = _answers_again_v1.flush),
    asked as (
      select s.run_id, s.step_number from unnest(steps || closings) s)
    select distinct a.run_id, null::integer, 'lost', null::jsonb from asked a
     where not exists (select from noted n where n.run_id = a.run_id and n.step_number = a.step_number)
    union all
    select w.run_id, case when n.run_id is not null and n.step_number = 0 then 0 else w.step_number end,
           case when n.step_number = 0 then 'suspended'
                when n.step_number is not null and w.kind = 'sleep' then 'slept'
                when n.step_number is not null and t.metadata -> 'timed_out' is not null then 'timeout'
                when n.step_number is not null and t.status = 'failed' then 'failed'
                when n.step_number is not null then 'signal' else 'busy' end,
           case t.status when 'failed' then jsonb_build_object('message', t.error_message, 'details', t.error_details) else t.output_data end
      from unnest(waits) w
      left join noted n on n.run_id = w.run_id and n.step_number in (0, w.step_number)
      left join mainstem.user_workflow_run_step t on t.run_id = w.run_id and t.step_number = w.step_number
    union all
    select e.run_id, 0, case when exists (select from mainstem.user_workflow_run_queue q
                                           where q.run_id = e.run_id and q.worker_id = worker and q.epoch = e.epoch) then 'busy' else 'lost' end, null::jsonb
      from unnest(endings) e
     where not exists (select from noted n where n.run_id = e.run_id and n.step_number = 0);
end $$;
comment on function mainstem._answers_again_v1(uuid, bigint, mainstem._start_record[], mainstem._step_record[], mainstem._step_record[], mainstem._wait_record[], mainstem._ending_record[]) is 'The answers to a flush that is recorded already, read from its receipt in user_workflow_change.';
