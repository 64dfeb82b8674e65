create or replace function mainstem._leave_unclaimed_v1(run_ids uuid[], moment timestamptz) returns void
language plpgsql
set plan_cache_mode = force_custom_plan  -- a plan that is kept does not prune partitions by an array
as $$
#variable_conflict use_column
declare
  paused uuid[];
  held uuid[];
begin
  -- who resumes a workflow meets this lock and frees what is held here, or was first and nothing is held
  paused := array(
    select w.workflow_id from mainstem.user_workflow w
     where w.status = 'paused' and (w.org_id, w.workflow_id) in (
           select r.org_id, r.workflow_id from mainstem.user_workflow_run r
            where r.run_id = any (run_ids) and r.run_id between run_ids[1] and run_ids[cardinality(run_ids)])
     for share skip locked);
  held := array(
    select r.run_id from mainstem.user_workflow_run r
     where r.run_id = any (run_ids) and r.run_id between run_ids[1] and run_ids[cardinality(run_ids)] and r.workflow_id = any (paused));
  update mainstem.user_workflow_run_queue q
     set worker_id = null, due_at = moment, state = case when q.run_id = any (held) then 'paused' else 'ready' end
   where q.run_id = any (run_ids);
end $$;
comment on function mainstem._leave_unclaimed_v1(uuid[], timestamptz) is 'Put back runs that a claim took, given in order, and may not have: those of a paused workflow are held until it is resumed, one whose row a user writes is ready for the next look.';
