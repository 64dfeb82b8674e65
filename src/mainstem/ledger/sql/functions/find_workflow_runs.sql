create or replace function mainstem.find_workflow_runs(
  terms jsonb default '[]', sort text default 'created', descending boolean default true, after_value text default null,
  after_id uuid default null, most integer default 50, budget interval default '2 seconds')
returns table (run_id uuid, workflow_id uuid, status text, channel text, started_at timestamptz, ended_at timestamptz, duration_ms bigint,
               sorted_by text, searched_back_to uuid)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  org uuid := nullif(current_setting('app.current_org_id', true), '')::uuid;
  moment timestamptz := mainstem.clock(); began timestamptz := clock_timestamp();
  wanted text; bounds text;  -- all terms; those on created, which an index of ids answers alone
  shown text := 'select r.run_id, r.workflow_id, r.status::text, r.channel::text, r.started_at, r.ended_at, r.duration_ms, %s::text, null::uuid from mainstem.user_workflow_run r where r.org_id = $1 and %s';
  key text := case find_workflow_runs.sort when 'started' then 'started_at' when 'ended' then 'ended_at' when 'duration' then 'duration_ms' end;
  lowest uuid := '00000000-0000-0000-0000-000000000000';  -- no id is less
  upper uuid := coalesce(find_workflow_runs.after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  stride double precision := 5000;
  whole uuid := mainstem._whole_below(find_workflow_runs.terms); left_over integer := least(greatest(coalesce(find_workflow_runs.most, 50), 1), 100001);
  ids text; few text;  -- all that is found in a range; the latest of it, the whole range looked through
  is_rare boolean := false; reach uuid; lower uuid; got bigint; lap timestamptz;
begin
  if org <> mainstem.org_of_login() then return; end if;  -- a person's login may set what it likes, and is held to its own tenant
  select coalesce(string_agg(c.condition, ' and '), 'true'), coalesce(string_agg(c.condition, ' and ') filter (where c.term ->> 'on' = 'created'), 'true')
    into wanted, bounds
    from (select term, mainstem._run_condition(term, org, moment) as condition from jsonb_array_elements(find_workflow_runs.terms) term) c;
  if key is not null then
    return query execute format(shown || ' and r.%1$I is not null and (%3$L is null or (r.%1$I, r.run_id) %4$s (%3$L, %5$L::uuid)) order by r.%1$I %6$s, r.run_id %6$s limit $2',
      key, wanted, find_workflow_runs.after_value, case when find_workflow_runs.descending then '<' else '>' end, find_workflow_runs.after_id,
      case when find_workflow_runs.descending then 'desc' else 'asc' end) using org, left_over;
    return;
  elsif not find_workflow_runs.descending then
    return query execute format(shown || ' and r.run_id > $2 order by r.run_id limit $3', 'null', wanted) using org, coalesce(find_workflow_runs.after_id, lowest), left_over;
    return;
  end if;
  ids := format('select r.run_id from mainstem.user_workflow_run r where r.org_id = $1 and r.run_id >= $2 and r.run_id < $3 and %s', wanted);  -- ids alone: often no row is read
  few := format('with found as materialized (%s) select one.* from (select run_id from found order by run_id desc limit $4) latest'
    ' cross join lateral (%s offset 0) one order by latest.run_id desc', ids, format(shown, 'null', 'r.run_id = latest.run_id'));
  loop  -- by windows of as many runs as a part of the budget is enough for: what is rare is looked for as long as there is time
    lap := clock_timestamp();
    reach := case when is_rare and upper > whole then mainstem._looked_through_to(ids, org, upper) end;
    if reach is null and upper > whole then
      execute format('select greatest((select r.run_id from mainstem.user_workflow_run r where r.run_id < $1 and %s order by r.run_id desc offset $2 limit 1), $3)', bounds)
        into lower using upper, stride::bigint, nullif(whole, lowest);
    else
      lower := nullif(coalesce(reach, mainstem._leaf_below(upper)), lowest);
    end if;
    return query execute case when reach is null then format(shown || ' and r.run_id >= $2 and r.run_id < $3 order by r.run_id desc limit $4', 'null', wanted) else few end
      using org, coalesce(lower, lowest), upper, left_over;
    get diagnostics got = row_count;
    left_over := left_over - got;
    exit when left_over <= 0 or lower is null;
    upper := lower;
    if clock_timestamp() - began > find_workflow_runs.budget then
      return query select null::uuid, null::uuid, null, null, null::timestamptz, null::timestamptz, null::bigint, null, lower; exit;
    end if;
    is_rare := wanted <> bounds;  -- a window was not enough
    stride := stride * least(8, 2.0 * left_over / nullif(got, 0), greatest(0.25, 0.1 * extract(epoch from find_workflow_runs.budget) / extract(epoch from clock_timestamp() - lap)));
  end loop;
end $$;
comment on function mainstem.find_workflow_runs(jsonb, text, boolean, text, uuid, integer, interval) is 'This tenant''s runs that a filter finds. terms: [{on, not, any: [[{op, value or ago}]]}], {on: context|input_data|output_data, not, path} with a jsonpath predicate, {on: words, not, words, prefix}; see docs/reference/filters.md. sort: created (the id''s time), started, ended, duration. after_value, after_id: sorted_by and run_id of the last one seen. Latest first it ends after the budget: then a last row without a run_id tells searched_back_to, the id from which to go on. No rows without a tenant. Raises MS010.';
