create or replace function mainstem._settle_keys(starts mainstem._start_record[], verdicts text[])
returns table (winners uuid[], answers text[])
language plpgsql
as $$
#variable_conflict use_column
begin
  -- in the order of the key, so that two batches never wait for one another
  insert into mainstem.user_workflow_idempotency as i (org_id, workflow_id, key, run_id, request_digest, expires_at)
  select distinct on (s.org_id, s.workflow_id, s.idempotency_key)
         s.org_id, s.workflow_id, s.idempotency_key, s.run_id, s.request_digest, mainstem.clock() + interval '30 days'
    from unnest(starts) with ordinality s
   where s.idempotency_key is not null and verdicts[s.ordinality] = 'started'
   order by s.org_id, s.workflow_id, s.idempotency_key, s.ordinality
  on conflict (org_id, workflow_id, key) do update
     set run_id = excluded.run_id, request_digest = excluded.request_digest, created_at = mainstem.clock(), expires_at = excluded.expires_at
   where i.expires_at < mainstem.clock();
  -- a new statement: only now is a winner visible that another session committed meanwhile
  return query
    select array_agg(case when verdicts[s.ordinality] = 'started' then coalesce(i.run_id, s.run_id) else s.run_id end order by s.ordinality),
           array_agg(case when verdicts[s.ordinality] <> 'started' or s.idempotency_key is null or i.run_id = s.run_id then verdicts[s.ordinality]
                          when i.request_digest = s.request_digest then 'existing' else 'conflict' end order by s.ordinality)
      from unnest(starts) with ordinality s
      left join mainstem.user_workflow_idempotency i on i.org_id = s.org_id and i.workflow_id = s.workflow_id and i.key = s.idempotency_key;
end $$;
comment on function mainstem._settle_keys(mainstem._start_record[], text[]) is 'Enter the idempotency keys of a batch, and see whose run each key stands for.';
