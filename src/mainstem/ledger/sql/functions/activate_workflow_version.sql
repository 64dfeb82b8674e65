create or replace function mainstem.activate_workflow_version(workflow_id uuid, version integer, activated_by uuid default null)
returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  org uuid := mainstem.current_org();
  before integer;
begin
  before := mainstem._make_version_active(activate_workflow_version.workflow_id, activate_workflow_version.version);
  if before is distinct from activate_workflow_version.version then
    update mainstem.user_workflow_version v
       set activated_at = mainstem.clock(), activated_by = activate_workflow_version.activated_by, replaced_version = before
     where v.org_id = org and v.workflow_id = activate_workflow_version.workflow_id and v.version = activate_workflow_version.version;
  end if;
  return before;
end $$;
comment on function mainstem.activate_workflow_version(uuid, integer, uuid) is 'Let new runs begin with a published version; gives the one that was active before, NULL for none. Runs that have begun keep theirs. Raises MS001 (workflow, version), MS022 (workflows that would call one another for ever).';
