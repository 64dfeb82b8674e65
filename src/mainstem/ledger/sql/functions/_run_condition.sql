create or replace function mainstem._run_condition(term jsonb, org uuid, moment timestamptz) returns text
language plpgsql stable
as $$
declare
  key text := term ->> 'on';
  needed text;
  labels text;
  workflows uuid[];
begin
  if key in ('context', 'input_data', 'output_data') then
    needed := format('r.%I @@ %L::jsonpath', key, term ->> 'path');
    if key = 'context' then  -- a list of ids, and no join, so that an index on context is used beside it
      needed := format('(%s or r.run_id = any (array(select c.run_id from mainstem.user_workflow_run_context c where c.org_id = %L'
        ' group by c.run_id having jsonb_object_agg(c.key, c.value) @@ %L::jsonpath)))', needed, org, term ->> 'path');
    end if;
  elsif key = 'words' then
    needed := mainstem._words_condition(term, org);
  elsif key in ('is', 'has') then
    select string_agg(mainstem._run_trait(key, side ->> 'value'), ' or ') into needed from jsonb_array_elements(term -> 'any') v, jsonb_array_elements(v) side;
  else
    select string_agg(format('(%s)', all_of), ' or ') into needed from (
      select (select string_agg(mainstem._run_comparison(key, side, moment), ' and ') from jsonb_array_elements(v) side) as all_of
        from jsonb_array_elements(term -> 'any') v) alternatives;
    if key = 'node' then
      select string_agg(mainstem._run_comparison('label', side, moment), ' or ') into labels from jsonb_array_elements(term -> 'any') v, jsonb_array_elements(v) side;
    end if;
    if key = 'workflow' then  -- as a list of ids, of which the planner knows how many runs each has
      execute format('select array_agg(w.workflow_id) from mainstem.user_workflow w where w.org_id = %L and (%s)', org, needed) into workflows;
    end if;
    needed := case key
      when 'workflow' then format('r.workflow_id = any (%L::uuid[])', coalesce(workflows, '{}'))
      when 'tag' then format('exists (select from unnest(r.tags) tag where %s)', needed)
      when 'node' then format('exists (select from mainstem.user_workflow_run_step s where s.run_id = r.run_id and (%s or s.node_id = any (array('
        'select n.node_id from mainstem.user_workflow_node n where n.org_id = %L and (%s)))))', needed, org, labels)
      when 'started' then format('(%s) and r.status = any (''{pending,running,waiting,paused,completed,failed,cancelled,timeout}'')', needed)  -- all: so that its index serves
      else needed end;
  end if;
  if needed is null then
    raise exception using errcode = 'MS010', message = format('no term of a filter: %s', term), hint = 'See docs/reference/filters.md.';
  end if;
  return case when (term ->> 'not')::boolean then format('not coalesce((%s), false)', needed) else format('(%s)', needed) end;
end $$;
comment on function mainstem._run_condition(jsonb, uuid, timestamptz) is 'One term of a filter (see find_workflow_runs) as SQL over r, a run of this tenant: its values only as quoted literals. Raises MS010.';
