create or replace function mainstem._is_run_of(run_id uuid, org_id uuid) returns boolean
language plpgsql stable parallel safe
as $$
#variable_conflict use_column
begin
  return exists (select from mainstem.user_workflow_run r where r.run_id = _is_run_of.run_id and r.org_id = _is_run_of.org_id);
end $$;
comment on function mainstem._is_run_of(uuid, uuid) is 'Whether the tenant has this run, as far as the caller sees: false for one that does not exist and for one of another tenant.';
