create or replace function mainstem.search_workflow_runs(
  context jsonb default null, input_data jsonb default null, output_data jsonb default null,
  started_after timestamptz default '-infinity', started_before timestamptz default 'infinity', most integer default 50)
returns table (run_id uuid, workflow_id uuid, status text, channel text, external_id varchar, started_at timestamptz)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan  -- a document that is null needs no index, and a generic plan would use none for any
as $$
#variable_conflict use_column
declare
  org uuid := nullif(current_setting('app.current_org_id', true), '')::uuid;
  -- an id is as old as its run's start, or older; a day, because a client's clock that is ahead may have minted it
  too_late uuid := mainstem.first_id_at(search_workflow_runs.started_before + interval '1 day');
begin
  -- @> is not leakproof: under a tenant's policy no GIN index is used. This function reads as mainstem_search and adds the tenant itself.
  if org <> mainstem.org_of_login() then  -- a person's login may set what it likes, and is held to its own tenant
    return;
  end if;
  return query
    select r.run_id, r.workflow_id, r.status::text, r.channel::text, r.external_id, r.started_at
      from mainstem.user_workflow_run r
     where r.org_id = org
       and r.run_id < too_late
       and (search_workflow_runs.context is null or r.context @> search_workflow_runs.context)
       and (search_workflow_runs.input_data is null or r.input_data @> search_workflow_runs.input_data)
       and (search_workflow_runs.output_data is null or r.output_data @> search_workflow_runs.output_data)
       and coalesce(r.started_at, r.created_at) >= search_workflow_runs.started_after  -- a run that nobody has begun yet is found too
       and coalesce(r.started_at, r.created_at) < search_workflow_runs.started_before
     order by coalesce(r.started_at, r.created_at) desc
     limit least(greatest(coalesce(search_workflow_runs.most, 50), 1), 1000);
end $$;
comment on function mainstem.search_workflow_runs(jsonb, jsonb, jsonb, timestamptz, timestamptz, integer) is 'This tenant''s runs whose context, input and output contain these documents (@>), latest first, at most 1000. No rows without a tenant.';
