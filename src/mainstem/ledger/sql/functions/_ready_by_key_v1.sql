create or replace function mainstem._ready_by_key_v1(from_queue text, room integer, tokens double precision, per_key integer) returns uuid[]
language sql stable
as $$
  -- from key to key in the index: a key with many runs that must wait holds up no other
  with recursive keys (key) as (
    (select q.concurrency_key from mainstem.user_workflow_run_queue q
      where q.queue = from_queue and q.state = 'ready' and q.concurrency_key is not null order by q.concurrency_key limit 1)
    union all
    select (select q.concurrency_key from mainstem.user_workflow_run_queue q
             where q.queue = from_queue and q.state = 'ready' and q.concurrency_key > k.key order by q.concurrency_key limit 1)
      from keys k where k.key is not null),
  owned as materialized (
    select q.concurrency_key as key, count(*) as runs from mainstem.user_workflow_run_queue q
     where q.state = 'owned' and q.queue = from_queue and q.concurrency_key is not null group by q.concurrency_key),
  candidates as (
    select c.* from keys k left join owned o on o.key = k.key
     cross join lateral (
       select q.run_id, q.priority, q.due_at, q.epoch from mainstem.user_workflow_run_queue q
        where q.queue = from_queue and q.state = 'ready' and q.concurrency_key = k.key
        order by q.priority desc, q.due_at limit greatest(0, per_key - coalesce(o.runs, 0))) c
     where k.key is not null
    union all
    (select q.run_id, q.priority, q.due_at, q.epoch from mainstem.user_workflow_run_queue q
      where q.queue = from_queue and q.state = 'ready' and q.concurrency_key is null
      order by q.priority desc, q.due_at limit room)),
  placed as (
    select c.*, row_number() over (partition by c.epoch = 0 order by c.priority desc, c.due_at) as place from candidates c)
  select array(
    select p.run_id from placed p where p.epoch > 0 or tokens is null or p.place <= tokens order by p.priority desc, p.due_at limit room)
$$;
comment on function mainstem._ready_by_key_v1(text, integer, double precision, integer) is 'As _ready_of_queue_v1, and no more of a concurrency_key than per_key with those that are owned. Runs without a key are not counted.';
