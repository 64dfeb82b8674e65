create or replace function mainstem.pause_workflow(workflow_id uuid) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
  update mainstem.user_workflow w set status = 'paused', updated_at = mainstem.clock()
   where w.org_id = mainstem.current_org() and w.workflow_id = pause_workflow.workflow_id and w.status in ('active', 'paused');
  if not found then
    if exists (select from mainstem.user_workflow w where w.org_id = mainstem.current_org() and w.workflow_id = pause_workflow.workflow_id) then
      raise exception using errcode = 'MS006', message = format('workflow %s is a draft or archived: nothing of it runs', pause_workflow.workflow_id),
        hint = 'Only an active workflow is paused.';
    end if;
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', pause_workflow.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
end $$;
comment on function mainstem.pause_workflow(uuid) is 'Let no worker claim a run of this workflow until it is resumed; one that a worker has goes on until it waits or ends. Paused again it stays so. Raises MS001, MS006 (draft, archived).';
