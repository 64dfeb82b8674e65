create or replace function mainstem._caller_of_key(key_hash bytea)
returns table (org_id uuid, key_id uuid, user_id uuid, role text, prefix text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  found_key mainstem.user_api_key;
  many bigint;
begin
  select count(*) into many from mainstem.user_api_key k where k.key_hash = _caller_of_key.key_hash;
  if many <> 1 then  -- hashes are a tenant's own to write: one that copies another's makes the key nobody's
    return;
  end if;
  select k.* into found_key from mainstem.user_api_key k
   where k.key_hash = _caller_of_key.key_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > moment);
  if not found then
    return;
  end if;
  if coalesce(found_key.last_used_at < moment - interval '1 minute', true)
     and current_setting('transaction_read_only') = 'off' then
    perform from mainstem.user_api_key k
      where k.org_id = found_key.org_id and k.key_id = found_key.key_id for update skip locked;
    if found then
      update mainstem.user_api_key k set last_used_at = moment
       where k.org_id = found_key.org_id and k.key_id = found_key.key_id;
    end if;
  end if;
  return query select found_key.org_id, found_key.key_id, found_key.user_id, found_key.role, found_key.prefix;
end $$;
comment on function mainstem._caller_of_key(bytea) is 'Whose key has this hash, before a tenant is known; no row for one that is unknown, expired or revoked, without telling which. Notes that it was used, at most once a minute.';
