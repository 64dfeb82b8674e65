-- The roles of the house. They belong to the cluster, so another database may have made them already.
-- The one who installs must be able to become each of them; a superuser is.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['mainstem_owner', 'mainstem_app', 'mainstem_worker', 'mainstem_search', 'mainstem_reader', 'mainstem_tenant'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception when duplicate_object or unique_violation then null;  -- another database's installation was faster
      end;
    end if;
    if not pg_has_role(current_user, wanted, 'member') then
      execute format('grant %I to current_user', wanted);
    end if;
  end loop;
end $$;

grant mainstem_search to mainstem_owner;

comment on role mainstem_owner is 'Owns the schema mainstem; upgrades, seals and drops partitions. Nobody serves as it.';
comment on role mainstem_app is 'Servers and clients: one tenant at a time, by the setting app.current_org_id.';
comment on role mainstem_worker is 'Workers: runs of every tenant.';
comment on role mainstem_search is 'Owner of the search functions only; reads every row, which those functions then narrow to the tenant.';
comment on role mainstem_reader is 'Reads the views of one tenant, with timeouts.';
comment on role mainstem_tenant is 'People with SQL of their own: a login each, held to its tenant by session_user.';
