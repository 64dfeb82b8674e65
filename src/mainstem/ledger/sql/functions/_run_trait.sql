create or replace function mainstem._run_trait(key text, trait text) returns text
language plpgsql immutable
as $$
declare
  needed text := case key || ':' || trait
    when 'is:open' then 'r.status in (''pending'', ''running'', ''waiting'', ''paused'')'
    when 'is:over' then 'r.status in (''completed'', ''failed'', ''cancelled'', ''timeout'')'
    when 'is:test' then 'r.is_test'
    when 'is:child' then 'r.parent_step_id is not null'
    when 'is:fork' then 'r.forked_from is not null'
    when 'has:error' then 'r.error_message is not null'
    when 'has:output' then 'r.output_data is not null'
    when 'has:tags' then 'r.tags <> ''{}'''
    when 'has:screenshots' then 'exists (select from mainstem.user_workflow_run_step s where s.run_id = r.run_id and s.screenshots <> ''[]'')'
    when 'has:retries' then 'exists (select from mainstem.user_workflow_run_step s where s.run_id = r.run_id and s.retry_count > 0)' end;
begin
  if needed is null then
    raise exception using errcode = 'MS010', message = format('a run has no trait %s:%s', key, trait), hint = 'See docs/reference/filters.md.';
  end if;
  return needed;
end $$;
comment on function mainstem._run_trait(text, text) is 'What is:… and has:… of the filter language ask of r, a run, as SQL. Raises MS010.';
