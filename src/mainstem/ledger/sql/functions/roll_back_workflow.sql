create or replace function mainstem.roll_back_workflow(workflow_id uuid) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  earlier integer;
begin
  perform mainstem._refuse_stricter_isolation();
  select v.replaced_version into earlier
    from mainstem.user_workflow w
    left join mainstem.user_workflow_version v on v.org_id = w.org_id and v.workflow_id = w.workflow_id and v.version = w.active_version
   where w.org_id = mainstem.current_org() and w.workflow_id = roll_back_workflow.workflow_id for no key update of w;
  if not found then
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', roll_back_workflow.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  if earlier is null then
    raise exception using errcode = 'MS006', message = format('no version of workflow %s was active before the present one', roll_back_workflow.workflow_id),
      hint = 'List its versions, and activate one.';
  end if;
  perform mainstem._make_version_active(roll_back_workflow.workflow_id, earlier);
  return earlier;
end $$;
comment on function mainstem.roll_back_workflow(uuid) is 'Make the version active again that the active one replaced; gives it. Once more goes one further back. Raises MS001, MS006 when there is none, MS022.';
