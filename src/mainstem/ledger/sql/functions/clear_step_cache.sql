create or replace function mainstem.clear_step_cache(step text default null, workflow text default null, key text default null) returns bigint
language plpgsql
as $$
declare
  cleared bigint;
begin
  delete from mainstem.user_workflow_step_cache c
   where c.org_id = mainstem.current_org()
     and (clear_step_cache.step is null or c.step = clear_step_cache.step)
     and (clear_step_cache.workflow is null or c.workflow = clear_step_cache.workflow)
     and (clear_step_cache.key is null or c.cache_key = clear_step_cache.key);
  get diagnostics cleared = row_count;
  return cleared;
end $$;
comment on function mainstem.clear_step_cache(text, text, text) is 'Forget cached results of this tenant: of a step, of what a workflow''s runs made, of one key, or all; how many. What is being made now is given to its own run and is not kept.';
