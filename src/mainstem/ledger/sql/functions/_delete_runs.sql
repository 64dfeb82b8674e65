create or replace function mainstem._delete_runs(ids uuid[])
returns table (runs bigint, steps bigint, events bigint, context bigint)
language plpgsql
set plan_cache_mode = force_custom_plan  -- a plan that is kept does not prune partitions by an array
as $$
#variable_conflict use_column
declare
  folded bigint;
begin
  with gone as (delete from mainstem.user_workflow_event e where e.run_id = any (ids) returning 1)
  select count(*) into events from gone;
  with gone as (delete from mainstem.user_workflow_run_step s where s.run_id = any (ids) returning s.events as log)
  select count(*), coalesce(sum(jsonb_array_length(log)), 0) into steps, folded from gone;
  events := events + folded;
  with gone as (delete from mainstem.user_workflow_run r where r.run_id = any (ids) returning r.events as log, r.context as keys)
  select count(*), coalesce(sum(jsonb_array_length(log)), 0), coalesce(sum((select count(*) from jsonb_object_keys(keys))), 0)
    into runs, folded, context from gone;
  events := events + folded;
  return next;
end $$;
comment on function mainstem._delete_runs(uuid[]) is 'Delete ended runs that the caller has locked, with their steps and events; true counts of each, folded ones included.';
