create or replace function mainstem._costs_little(query text, org uuid, lower uuid, upper uuid) returns boolean
language plpgsql volatile  -- explain asks for that; it changes nothing
as $$
declare
  plan json;
begin
  execute 'explain (format json) ' || query into plan using org, lower, upper;
  return (plan #>> '{0,Plan,Total Cost}')::double precision < 4000;
end $$;
comment on function mainstem._costs_little(text, uuid, uuid, uuid) is 'Whether the planner takes all rows of this query, over a tenant ($1) and ids from $2 to below $3, for a matter of milliseconds.';
