create or replace function mainstem._deep_merge(under jsonb, over jsonb) returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if jsonb_typeof(under) is distinct from 'object' or jsonb_typeof(over) is distinct from 'object' then
    return coalesce(over, under);
  end if;
  return (
    select coalesce(jsonb_object_agg(coalesce(below.key, above.key), mainstem._deep_merge(below.value, above.value)), '{}')
      from jsonb_each(under) below full join jsonb_each(over) above on above.key = below.key);
end $$;
comment on function mainstem._deep_merge(jsonb, jsonb) is 'Objects merge key by key, all else is replaced; a JSON null in over is a value and replaces.';
