create or replace function mainstem._costs_little(query text, org uuid, lower uuid, upper uuid, share double precision) returns boolean
language plpgsql volatile  -- explain asks for that; it changes nothing
as $$
declare
  found json; among json;
begin
  execute 'explain (format json) ' || query into found using org, lower, upper;
  if (found #>> '{0,Plan,Total Cost}')::double precision > 4000 then
    return false;
  end if;
  execute 'explain (format json) select from mainstem.user_workflow_run r where r.run_id >= $1 and r.run_id < $2' into among using lower, upper;
  return (found #>> '{0,Plan,Plan Rows}')::double precision < share * (among #>> '{0,Plan,Plan Rows}')::double precision;
end $$;
comment on function mainstem._costs_little(text, uuid, uuid, uuid, double precision) is 'Whether the planner takes all rows of this query, over a tenant ($1) and ids from $2 to below $3, for a matter of milliseconds, and for less than a share of all runs there: of what is frequent the latest are found sooner than all.';
