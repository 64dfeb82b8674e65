create or replace function mainstem._may_cancel_v1(org_id uuid, run_id uuid) returns boolean
language plpgsql
as $$
#variable_conflict use_column
begin
  if not exists (select from mainstem.user_workflow_run_queue q 
                  where q.run_id = _may_cancel_v1.run_id and q.org_id = _may_cancel_v1.org_id) then
    return true;
  end if;
  perform 1 from mainstem.user_workflow_run_queue q where q.run_id = _may_cancel_v1.run_id for update skip locked;
  if not found then
    return false;
  end if;
  perform 1 from mainstem.user_workflow_run r where r.run_id = _may_cancel_v1.run_id for no key update skip locked;
  return found;
end $$;
comment on function mainstem._may_cancel_v1(uuid, uuid) is 'Whether a run of this tenant can be cancelled at once, as its rows are locked for it now: a worker waits for nobody''s transaction. True for one that is over, and so is not cancelled.';
