create or replace function mainstem._words_condition(term jsonb, org uuid) returns text
language plpgsql stable
as $$
declare
  asked tsquery := case when (term ->> 'prefix')::boolean
    then to_tsquery('pg_catalog.simple', '''' || replace(replace(term ->> 'words', '\', '\\'), '''', '''''') || ''':*')
    else phraseto_tsquery('pg_catalog.simple', term ->> 'words') end;
  -- asked here and not in the query: which workflows have such a name decides how their runs are best found
  named uuid[] := array(select w.workflow_id from mainstem.user_workflow w where w.org_id = org and to_tsvector('pg_catalog.simple', w.name) @@ asked);
  needed text := format('mainstem._words_of_run(r.external_id, r.error_message, r.input_data, r.output_data, r.context) @@ %L::tsquery', asked);
begin
  if term ->> 'needle' is not null then  -- cheap, and true of all that have the words: where no index is, most runs need no more
    needed := format('concat_ws('' '', r.external_id, r.error_message, r.input_data, r.output_data, r.context) ilike %L and %s', '%' || (term ->> 'needle') || '%', needed);
  end if;
  return case when named = '{}' then needed else format('(%s or r.workflow_id = any (%L::uuid[]))', needed, named) end;
end $$;
comment on function mainstem._words_condition(jsonb, uuid) is 'A term of words (see find_workflow_runs) as SQL over r, a run of this tenant. needle: letters and digits that are in whatever has the words.';
