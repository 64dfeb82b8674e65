create or replace function mainstem.current_org() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.current_org_id', true), '')::uuid;  -- after a SET LOCAL the setting is '', which is no uuid
comment on function mainstem.current_org() is 'The tenant of this transaction: the setting app.current_org_id; NULL when it is missing or empty.';

create or replace function mainstem.org_of_login() returns uuid
language plpgsql stable security definer parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_has_role(session_user, 'mainstem_tenant', 'member') or pg_has_role(session_user, 'mainstem_app', 'member') then
    return null;
  end if;
  return coalesce((select org_id from mainstem.tenant_login where login = session_user), '00000000-0000-0000-0000-000000000000');
end $$;
comment on function mainstem.org_of_login() is 'The tenant that this login is held to: by session_user, which SET ROLE and SET do not change. NULL for a server''s login, which is held to none; the nil uuid, and so no rows, for a member of mainstem_tenant without a row in tenant_login.';
