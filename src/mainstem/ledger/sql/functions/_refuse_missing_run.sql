create or replace function mainstem._refuse_missing_run(run_id uuid) returns void
language plpgsql
as $$
begin
  raise exception using errcode = 'MS001',
    message = format('no run %s in this tenant''s ledger', coalesce(run_id::text, 'NULL')),
    hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
end $$;
comment on function mainstem._refuse_missing_run(uuid) is 'Raises MS001, the same for a run that does not exist and for one of another tenant.';
