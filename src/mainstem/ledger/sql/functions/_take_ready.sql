create or replace function mainstem._take_ready(worker uuid, from_queue text, wanted integer, bound_priority integer, bound_time timestamptz)
returns uuid[]
language plpgsql
as $$
#variable_conflict use_column
declare
  chosen uuid[];
begin
  if bound_time is null then
    chosen := array(
      select q.run_id from mainstem.user_workflow_run_queue q
       where q.queue = from_queue and q.state = 'ready'
       order by q.priority desc, q.due_at limit wanted for no key update skip locked);
  else
    chosen := array(
      select q.run_id from mainstem.user_workflow_run_queue q
       where q.queue = from_queue and q.state = 'ready' and q.priority = bound_priority and q.due_at >= bound_time
       order by q.due_at limit wanted for no key update skip locked);
  end if;
  update mainstem.user_workflow_run_queue q
     set state = 'owned', worker_id = worker, epoch = q.epoch + 1, waiting_for = '{}'
   where q.run_id = any (chosen);
  return chosen;
end $$;
comment on function mainstem._take_ready(uuid, text, integer, integer, timestamptz) is 'Take up to wanted ready runs of one queue for a worker; the ids. Neither waits for another claimer nor shares a run with one.';
