create or replace function mainstem._front_by_key_v1(
  from_queue text, room integer, tokens double precision, per_key integer, depth integer, out run_ids uuid[], out is_all boolean)
language sql stable
as $$
  with front as materialized (
    select q.run_id, q.priority, q.due_at, q.concurrency_key as key, q.epoch = 0 as is_new from mainstem.user_workflow_run_queue q
     where q.queue = from_queue and q.state = 'ready' and (q.epoch > 0 or tokens is null or tokens >= 1)
     order by q.priority desc, q.due_at limit depth),
  owned as materialized (
    select q.concurrency_key as key, count(*) as runs from mainstem.user_workflow_run_queue q
     where q.state = 'owned' and q.queue = from_queue and q.concurrency_key is not null group by q.concurrency_key),
  in_key as (
    select f.*, row_number() over (partition by f.key order by f.priority desc, f.due_at) + coalesce(o.runs, 0) as place
      from front f left join owned o on o.key = f.key),
  fitting as (
    select k.*, row_number() over (partition by k.is_new order by k.priority desc, k.due_at) as turn
      from in_key k where k.key is null or k.place <= per_key)
  select array(select t.run_id from fitting t where not t.is_new or tokens is null or t.turn <= tokens
                order by t.priority desc, t.due_at limit room),
         (select count(*) < depth from front)
$$;
comment on function mainstem._front_by_key_v1(text, integer, double precision, integer, integer) is 'What _ready_by_key_v1 finds among the first ready runs of a queue, as deep as that; is_all: there are no others.';
