create or replace function mainstem._refuse_stricter_isolation() returns void
language plpgsql
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = 'MS008',
      message = format('this needs READ COMMITTED, not %s: it would not see what it waited for', current_setting('transaction_isolation')),
      hint = 'Call it in a transaction of its own, or begin yours with ISOLATION LEVEL READ COMMITTED.';
  end if;
end $$;
comment on function mainstem._refuse_stricter_isolation() is 'Raises MS008 unless the transaction is READ COMMITTED.';
