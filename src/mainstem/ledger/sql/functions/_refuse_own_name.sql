create or replace function mainstem._refuse_own_name(name text) returns void
language plpgsql
as $$
begin
  if name like 'mainstem:%' then
    raise exception using errcode = 'MS010', message = format('signal names that begin with mainstem: are our own, as %s is', quote_literal(name)),
      hint = 'Take another name; an approval is answered by answer_workflow_approval.';
  end if;
end $$;
comment on function mainstem._refuse_own_name(text) is 'Raises MS010 for the name of a signal that only the ledger sends: an approval''s answer, a child''s end.';
