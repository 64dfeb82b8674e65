create or replace function mainstem._looked_through_to(query text, org uuid, upper uuid) returns uuid
language plpgsql volatile  -- explain asks for that; it changes nothing
as $$
declare
  lower uuid; plan json;
begin
  foreach lower in array array[
    '00000000-0000-0000-0000-000000000000', mainstem._leaf_below(least(upper, mainstem.first_id_at(mainstem.clock())))] loop
    execute 'explain (format json) ' || query into plan using org, lower, upper;
    if (plan #>> '{0,Plan,Total Cost}')::double precision < 4000 then
      return lower;
    end if;
  end loop;
  return null;
end $$;
comment on function mainstem._looked_through_to(text, uuid, uuid) is 'From which id on up to $3 the planner takes all rows of this query, over a tenant ($1) and ids from $2 to below $3, for a matter of milliseconds: the least id, or that of the leaf; NULL: neither.';
