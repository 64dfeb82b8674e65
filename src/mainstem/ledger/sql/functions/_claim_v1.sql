create or replace function mainstem._claim_v1(worker uuid, queues text[], wanted integer, bound_priorities integer[], bound_times timestamptz[])
returns table (run_id uuid, org_id uuid, epoch integer, queue text, priority integer, due_at timestamptz, cancel_requested boolean, cancel_reason text,
               workflow text, workflow_version integer, channel text, input_data jsonb, endpoints_used jsonb, attempt integer, test jsonb, steps json,
               traceparent text, claimed_at timestamptz)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();  -- a variable can be an index condition, a volatile function cannot
  taken uuid[] := '{}';
  begun uuid[];
  limited text[];
begin
  perform mainstem._refuse_stricter_isolation();
  perform 1 from mainstem.user_workflow_worker w where w.worker_id = worker and w.reaped_at is null for key share;
  if not found then
    raise exception using errcode = 'MS002', message = format('worker %s was reaped and claims nothing', worker), hint = 'Register a new incarnation.';
  end if;
  limited := array(  -- only queues that ask for limits have a row, and with it a lock: in order, so that two claims never wait for one another
    select k.queue from mainstem.user_workflow_queue k where k.queue = any (queues) order by k.queue for no key update);
  with due as materialized (
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.state = 'waiting' and q.due_at <= moment order by q.due_at limit 1000 for no key update skip locked)
  update mainstem.user_workflow_run_queue q set state = 'ready', due_at = moment from due where q.run_id = due.run_id;
  for n in 1 .. cardinality(queues) loop
    exit when cardinality(taken) >= wanted;
    taken := taken || case when queues[n] = any (limited) then mainstem._take_limited_v1(worker, queues[n], wanted - cardinality(taken))
      else mainstem._take_ready(worker, queues[n], wanted - cardinality(taken), bound_priorities[n], bound_times[n]) end;
  end loop;
  if cardinality(taken) = 0 then
    return;
  end if;
  taken := array(select t from unnest(taken) t order by t);  -- its ends prune partitions, which an array does not in a plan that is kept
  begun := array(
    select r.run_id from mainstem.user_workflow_run r
     where r.run_id = any (taken) and r.run_id between taken[1] and taken[cardinality(taken)]
       and not exists (select from mainstem.user_workflow w where w.org_id = r.org_id and w.workflow_id = r.workflow_id and w.status = 'paused')
     order by r.run_id for no key update skip locked);
  if cardinality(begun) < cardinality(taken) then  -- a user writes the row of one, or its workflow is paused
    perform mainstem._leave_unclaimed_v1(array(select t from unnest(taken) t where not t = any (begun) order by t), moment);
    taken := begun;
  end if;
  update mainstem.user_workflow_run r set status = 'running', started_at = coalesce(r.started_at, moment), updated_at = moment
   where r.run_id = any (taken) and r.run_id between taken[1] and taken[cardinality(taken)] and r.status in ('pending', 'waiting');
  return query
    select q.run_id, q.org_id, q.epoch, q.queue, q.priority, q.due_at, q.cancel_requested_at is not null, q.cancel_reason,
           w.name::text, r.workflow_version, r.channel::text, r.input_data, r.endpoints_used, q.attempt, r.metadata -> 'test', recorded.steps,
           r.metadata ->> 'traceparent', moment
      from mainstem.user_workflow_run_queue q
      join mainstem.user_workflow_run r on r.run_id = q.run_id
      join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
     cross join lateral (
       select json_agg(json_build_object(
                'step_number', s.step_number, 'node_key', s.node_key, 'iteration', s.iteration, 'status', s.status,
                'retry_count', s.retry_count, 'output_data', s.output_data, 'error_message', s.error_message, 'error_details', s.error_details,
                'metadata', s.metadata,  -- a failed attempt whose rest was not recorded any more (its worker was killed between the two) is due
                'is_due', coalesce((s.metadata -> 'wait' ->> 'due')::timestamptz <= moment, s.metadata -> 'wait' is null)) order by s.step_number) as steps
         from mainstem.user_workflow_run_step s where s.run_id = q.run_id) recorded
     where q.run_id = any (taken) and r.run_id = any (taken) and r.run_id between taken[1] and taken[cardinality(taken)];
end $$;
comment on function mainstem._claim_v1(uuid, text[], integer, integer[], timestamptz[]) is 'Wake what is due (up to 1000), then take up to wanted ready runs, with their recorded steps: of a queue with a row in user_workflow_queue as many as its limits let run, of a paused workflow none. A bound (priority and time per queue, NULL for none) skips what earlier claims have taken; pass none once a second and when a claim comes back short. Raises MS002 when the worker was reaped.';
