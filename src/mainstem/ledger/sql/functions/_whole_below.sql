create or replace function mainstem._whole_below(terms jsonb) returns uuid
language plpgsql stable
as $$
begin
  if jsonb_path_exists(terms, '$[*] ? (@.by == "index")') then
    return 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  elsif jsonb_path_exists(terms, '$[*] ? (@.by == "sealed")') then
    return (select mainstem.first_id_at(coalesce(min(l.lower) filter (where l.sealed_at is null), 'infinity')) from mainstem.user_workflow_leaf l);
  end if;
  return '00000000-0000-0000-0000-000000000000';
end $$;
comment on function mainstem._whole_below(jsonb) is 'Below which id an index answers a filter at once, so that windows of time would only cost: of one whose `by` is index everywhere, of one whose `by` is sealed in the leaves that are sealed.';
