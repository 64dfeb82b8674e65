create or replace function mainstem._ready_of_queue_v1(from_queue text, room integer, tokens double precision) returns uuid[]
language sql stable
as $$
  -- epoch 0: it has not begun, and takes a token; what goes on needs none
  select array(
    select r.run_id from (
      (select q.run_id, q.priority, q.due_at from mainstem.user_workflow_run_queue q
        where q.queue = from_queue and q.state = 'ready' and q.epoch = 0
        order by q.priority desc, q.due_at limit least(room, floor(tokens)))
      union all
      (select q.run_id, q.priority, q.due_at from mainstem.user_workflow_run_queue q
        where q.queue = from_queue and q.state = 'ready' and q.epoch > 0
        order by q.priority desc, q.due_at limit room)) r
    order by r.priority desc, r.due_at limit room)
$$;
comment on function mainstem._ready_of_queue_v1(text, integer, double precision) is 'The ready runs of a queue that come next: up to room, of them no more than there are tokens (NULL: any number) that have not begun.';
