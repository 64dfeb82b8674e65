create or replace function mainstem._permit_in_v1(queues text[]) returns double precision
language sql volatile
as $$
  select min((1 - held.tokens) / k.rate_count * extract(epoch from k.rate_per))::double precision
    from mainstem.user_workflow_queue k
   cross join lateral (
     select k.tokens + greatest(0, extract(epoch from mainstem.clock() - k.tokens_at)) / extract(epoch from k.rate_per) * k.rate_count as tokens) held
   where k.queue = any (queues) and k.paused_at is null and k.rate_count is not null and held.tokens < 1
     and exists (select from mainstem.user_workflow_run_queue q where q.queue = k.queue and q.state = 'ready' and q.epoch = 0)
$$;
comment on function mainstem._permit_in_v1(text[]) is 'Seconds until the next of these queues lets a run begin that its rate holds up; NULL when none does. A queue without a rate has no row to be looked at.';
