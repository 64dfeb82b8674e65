create or replace function mainstem._reap_v1(most integer default 500) returns table (workers integer, runs integer)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz;
  orphaned uuid[];
  progressed uuid[];
  poisonous uuid[];
begin
  perform mainstem._refuse_stricter_isolation();
  moment := mainstem.clock();
  -- FOR UPDATE meets the KEY SHARE of a flush: a reaper cannot overtake one, it skips and comes again
  with silent as materialized (
    select w.worker_id from mainstem.user_workflow_worker w
     where w.heartbeat_at < moment - w.ttl and w.reaped_at is null
     order by w.worker_id for update skip locked)
  update mainstem.user_workflow_worker w set reaped_at = moment from silent where w.worker_id = silent.worker_id;
  get diagnostics workers = row_count;
  -- by ownership, each time, not once at the death: what a reaped worker still claimed is freed too
  orphaned := array(
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.state = 'owned'
       and not exists (select from mainstem.user_workflow_worker w where w.worker_id = q.worker_id and w.reaped_at is null)
     order by q.run_id limit most for no key update skip locked);
  runs := cardinality(orphaned);
  if runs = 0 then
    return next;
    return;
  end if;
  -- due_at: when it was to be claimed. What ended a step since then was not what killed its worker
  progressed := mainstem._progressed_v1(orphaned);
  update mainstem.user_workflow_run_queue q
     set state = 'ready', worker_id = null, due_at = moment, attempt = case when q.run_id = any (progressed) then 1 else q.attempt + 1 end
   where q.run_id = any (orphaned);
  poisonous := array(select q.run_id from mainstem.user_workflow_run_queue q where q.run_id = any (orphaned) and q.attempt >= 3);
  if cardinality(poisonous) > 0 then
    perform mainstem._pause_poison_v1(poisonous);
  end if;
  perform pg_notify('mainstem_ready', '');
  return next;
end $$;
comment on function mainstem._reap_v1(integer) is 'Reap the workers whose lease has ended and free the runs of all that are reaped; any worker calls it now and then, several at once too. A run whose worker is lost for the third time, with no step ended in between, pauses as poison.';
