create or replace function mainstem._run_comparison(key text, side jsonb, moment timestamptz) returns text
language plpgsql stable
as $$
declare
  op text := side ->> 'op';
  wanted text := coalesce(side ->> 'value', (moment - make_interval(secs => (side ->> 'ago')::double precision))::text);
  compared text := mainstem._run_column(key);
begin
  if compared is null or wanted is null or not coalesce(op in ('=', '<', '<=', '>', '>=', 'like'), false) then
    raise exception using errcode = 'MS010', message = format('no comparison of a run: %s %s', key, side),
      hint = 'A key of the filter language, and {"op": "=", "value": "…"}.';
  end if;
  return case key
    when 'err' then format('%s ilike %L', compared, '%' || replace(replace(replace(wanted, '\', '\\'), '%', '\%'), '_', '\_') || '%')
    when 'id' then format('%s = %L', compared, mainstem.run_of(wanted::uuid))
    when 'created' then format('%s %s %L', compared, case op when '<=' then '<' when '>' then '>=' else op end,
      mainstem.first_id_at(wanted::timestamptz + case when op in ('<=', '>') then interval '1 ms' else '0' end))  -- an id has milliseconds
    else format('%s %s %L', compared, op, wanted) end;
end $$;
comment on function mainstem._run_comparison(text, jsonb, timestamptz) is 'One comparison of a term (see find_workflow_runs) as SQL. Raises MS010 for a key or an operator that is none.';
