create or replace function mainstem._words_of_run(external_id text, error_message text, input_data jsonb, output_data jsonb, context jsonb)
returns tsvector
language sql immutable parallel safe
return to_tsvector('pg_catalog.simple', coalesce(external_id, '') || ' ' || coalesce(error_message, ''))
  || jsonb_to_tsvector('pg_catalog.simple', jsonb_build_array(input_data, output_data, context), '["string", "numeric"]');
comment on function mainstem._words_of_run(text, text, jsonb, jsonb, jsonb) is 'The words of a run that a search looks at: external id, error message, and the texts and numbers of its documents.';
