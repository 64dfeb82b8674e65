create or replace function mainstem._refuse_run_over(run_id uuid, status text) returns void
language plpgsql
as $$
begin
  raise exception using errcode = 'MS003',
    message = format('run %s is over: %s', run_id, status),
    hint = 'Its ending stands. Start a new run, or retry a failed step of it.';
end $$;
comment on function mainstem._refuse_run_over(uuid, text) is 'Raises MS003.';
