create or replace function mainstem.current_org() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.current_org_id', true), '')::uuid;  -- after a SET LOCAL the setting is '', which is no uuid
comment on function mainstem.current_org() is 'The tenant of this transaction: the setting app.current_org_id; NULL when it is missing or empty.';

create or replace function mainstem.org_of_login() returns uuid
language plpgsql stable security definer parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
  return (select org_id from mainstem.tenant_login where login = session_user);
end $$;
comment on function mainstem.org_of_login() is 'The tenant of this login: by session_user, which SET ROLE and SET do not change. NULL, and so no rows, for a login without one.';
