create or replace function mainstem._start_runs_v1(worker uuid, starts mainstem._start_record[])
returns table (place integer, run_id uuid, answer text)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  answers text[];
  winners uuid[];
begin
  perform mainstem._refuse_stricter_isolation();
  perform mainstem.ensure_workflow_leaf(moment);
  select array_agg(s.run_id order by s.ordinality),
         array_agg(case when w.workflow_id is null then 'no workflow' when k.queue is not null or worker is not null and w.status = 'paused' then 'held'
                        when c.channel is null then 'no channel'
                        when s.created_by is not null and u.user_id is null then 'no user' else 'started' end order by s.ordinality)
    into winners, answers
    from unnest(starts) with ordinality s
    left join mainstem.user_workflow w on w.org_id = s.org_id and w.workflow_id = s.workflow_id
    left join mainstem.user_workflow_channel c on c.org_id = s.org_id and c.channel = s.channel
    left join mainstem.app_user u on u.org_id = s.org_id and u.user_id = s.created_by
    left join mainstem.user_workflow_queue k on worker is not null and k.queue = s.queue;
  if exists (select from unnest(starts) s where s.idempotency_key is not null) then
    select settled.winners, settled.answers into winners, answers from mainstem._settle_keys(starts, answers) settled;
  end if;
  perform mainstem._insert_runs(worker, starts, answers, moment);
  return query select n::integer, winners[n], answers[n] from generate_subscripts(starts, 1) n;
end $$;
comment on function mainstem._start_runs_v1(uuid, mainstem._start_record[]) is 'Begin a batch of engine runs: for workers, or owned by this worker at once. Gives for each place: started, existing (the run its idempotency key began), conflict (the key began another request), no workflow, no channel, no user; held for one that a worker would own at once, of a queue with limits or a paused workflow: it is to be begun without an owner. One that is refused fails no other.';
