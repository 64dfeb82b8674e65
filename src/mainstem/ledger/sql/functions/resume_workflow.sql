create or replace function mainstem.resume_workflow(workflow_id uuid) returns bigint
language plpgsql
set plan_cache_mode = force_custom_plan  -- a plan that is kept does not prune partitions by an array
as $$
#variable_conflict use_column
declare
  parked uuid[];
  freed bigint;
begin
  perform mainstem._refuse_stricter_isolation();
  update mainstem.user_workflow w set status = 'active', updated_at = mainstem.clock()
   where w.org_id = mainstem.current_org() and w.workflow_id = resume_workflow.workflow_id and w.status = 'paused';
  if not found then
    if exists (select from mainstem.user_workflow w where w.org_id = mainstem.current_org() and w.workflow_id = resume_workflow.workflow_id) then
      raise exception using errcode = 'MS006', message = format('workflow %s is not paused', resume_workflow.workflow_id),
        hint = 'Only a paused workflow is resumed.';
    end if;
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', resume_workflow.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  parked := array(
    select q.run_id from mainstem.user_workflow_run_queue q
     where q.org_id = mainstem.current_org() and q.state = 'paused' order by q.run_id for no key update);
  parked := array(  -- a run that is paused itself stays so
    select r.run_id from mainstem.user_workflow_run r
     where r.run_id = any (parked) and r.run_id between parked[1] and parked[cardinality(parked)]
       and r.workflow_id = resume_workflow.workflow_id and r.status <> 'paused');
  update mainstem.user_workflow_run_queue q set state = 'ready', due_at = mainstem.clock() where q.run_id = any (parked);
  get diagnostics freed = row_count;
  perform pg_notify('mainstem_ready', '');
  return freed;
end $$;
comment on function mainstem.resume_workflow(uuid) is 'Let a paused workflow go on; gives how many of its runs were held and are ready now. Raises MS001, MS006 (it is not paused), MS008.';
