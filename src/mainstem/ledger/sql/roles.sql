-- The roles of the house. They belong to the cluster, so another database may have made them already.
-- Who installs must be able to become mainstem_owner. A superuser is; who may create roles grants itself what it makes.
do $$
declare
  wanted record;
  become text := case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end;
begin
  for wanted in select name, purpose from (values
    ('mainstem_owner', 'Owns the schema mainstem; upgrades, seals and drops partitions. Nobody serves as it.'),
    ('mainstem_app', 'Servers and clients: one tenant at a time, by the setting app.current_org_id.'),
    ('mainstem_worker', 'Workers: runs of every tenant.'),
    ('mainstem_search', 'Owner of the search functions only; reads every row, which those functions then narrow to the tenant.'),
    ('mainstem_reader', 'Reads the views of one tenant, with timeouts.'),
    ('mainstem_tenant', 'People with SQL of their own: a login each, held to its tenant by session_user.')) ours (name, purpose)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I nologin', wanted.name);
        execute format('comment on role %I is %L', wanted.name, wanted.purpose);
      exception when duplicate_object or unique_violation then null;  -- another database's installation was faster
      end;
    end if;
    if not pg_has_role(current_user, wanted.name, become) then
      begin
        execute format('grant %I to current_user', wanted.name);
      exception when insufficient_privilege then  -- who installs need not serve
        if wanted.name = 'mainstem_owner' then
          raise;
        end if;
      end;
    end if;
  end loop;
  if not pg_has_role('mainstem_owner', 'mainstem_search', become) then
    grant mainstem_search to mainstem_owner;
  end if;
end $$;
