create or replace function mainstem.replace_workflow_context(run_id uuid, key varchar, value jsonb, expected timestamptz, whatever boolean default false) returns timestamptz
language plpgsql
as $$
#variable_conflict use_column
declare
  found_at timestamptz;
begin
  perform mainstem._refuse_stricter_isolation();
  perform pg_advisory_xact_lock(hashtextextended(replace_workflow_context.run_id || replace_workflow_context.key, 0));  -- a key that is not there yet has no row to lock
  perform 1 from mainstem.user_workflow_run_context c
    where c.run_id = replace_workflow_context.run_id and c.key = replace_workflow_context.key for update;
  select c.updated_at into found_at from mainstem.get_workflow_context(replace_workflow_context.run_id, replace_workflow_context.key) c;
  if not replace_workflow_context.whatever and found_at is distinct from replace_workflow_context.expected then
    perform mainstem.set_workflow_context(replace_workflow_context.run_id, replace_workflow_context.key, replace_workflow_context.value);  -- what is wrong otherwise is told first
    raise exception using errcode = 'MS612', message = format('context %s of run %s was changed since it was read', replace_workflow_context.key, replace_workflow_context.run_id),
      hint = 'Read it again, and change that.';
  end if;
  perform mainstem.set_workflow_context(replace_workflow_context.run_id, replace_workflow_context.key, replace_workflow_context.value);
  select c.updated_at into found_at from mainstem.user_workflow_run_context c
   where c.run_id = replace_workflow_context.run_id and c.key = replace_workflow_context.key;
  return found_at;
end $$;
comment on function mainstem.replace_workflow_context(uuid, varchar, jsonb, timestamptz, boolean) is 'As set_workflow_context, if the key was last set at `expected` (NULL: it is not there yet), or whatever stands there; gives the new updated_at. Raises MS612 when it was changed since, and all that set_workflow_context raises.';
