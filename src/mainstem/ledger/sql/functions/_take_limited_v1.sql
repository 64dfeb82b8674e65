create or replace function mainstem._take_limited_v1(worker uuid, from_queue text, wanted integer) returns uuid[]
language plpgsql
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  limits mainstem.user_workflow_queue;
  room integer;
  available double precision;
  chosen uuid[];
  begun integer;
  is_all boolean;
begin
  select k.* into limits from mainstem.user_workflow_queue k where k.queue = from_queue;  -- locked by the claim: nobody else counts now
  if limits.paused_at is not null then
    return '{}';
  end if;
  select least(wanted, limits.max_running - count(*)::integer) into room
    from mainstem.user_workflow_run_queue q where q.state = 'owned' and q.queue = from_queue and limits.max_running is not null;
  available := least(limits.rate_count, limits.tokens
    + greatest(0, extract(epoch from moment - limits.tokens_at)) / extract(epoch from limits.rate_per) * limits.rate_count);
  if room <= 0 then
    return '{}';
  elsif limits.per_key_running is null then
    chosen := mainstem._ready_of_queue_v1(from_queue, room, available);
  else
    -- mostly the first that come will do; only behind many of a key that has to wait is it looked for from key to key
    select f.run_ids, f.is_all into chosen, is_all
      from mainstem._front_by_key_v1(from_queue, room, available, limits.per_key_running, 4 * room + 100) f;
    if cardinality(chosen) < room and not is_all then
      chosen := mainstem._ready_by_key_v1(from_queue, room, available, limits.per_key_running);
    end if;
  end if;
  chosen := array(  -- a user may hold one
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.run_id = any (chosen) and q.state = 'ready' order by q.run_id for no key update skip locked);
  if limits.rate_count is not null then
    select count(*) into begun from mainstem.user_workflow_run_queue q where q.run_id = any (chosen) and q.epoch = 0;
    update mainstem.user_workflow_queue k set tokens = available - begun, tokens_at = moment
     where k.queue = from_queue and begun > 0;  -- a look that begins nothing writes nothing
  end if;
  update mainstem.user_workflow_run_queue q
     set state = 'owned', worker_id = worker, epoch = q.epoch + 1, waiting_for = '{}'
   where q.run_id = any (chosen);
  return chosen;
end $$;
comment on function mainstem._take_limited_v1(uuid, text, integer) is 'As _take_ready, from a queue whose row in user_workflow_queue the claim has locked: no more than its limits let run. A run takes a token of the rate when it begins, not when it goes on.';
