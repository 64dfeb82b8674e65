create or replace function mainstem._refuse_workflow_cycle(workflow_id uuid) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  own text;
  back text;
begin
  select w.name into own from mainstem.user_workflow w
   where w.org_id = mainstem.current_org() and w.workflow_id = _refuse_workflow_cycle.workflow_id;
  with recursive calls as materialized (
    select w.name::text as caller, n.node -> 'config' ->> 'workflow' as called
      from mainstem.user_workflow w
     cross join lateral jsonb_array_elements(
       case jsonb_typeof(w.graph_config -> 'nodes') when 'array' then w.graph_config -> 'nodes' else '[]' end) n (node)
     where w.org_id = mainstem.current_org() and n.node ->> 'kind' in ('workflow', 'map')),
  come_to (name) as (
    select own union select c.called from come_to t join calls c on c.caller = t.name)
  select c.caller into back from calls c join come_to t on t.name = c.caller where c.called = own order by c.caller limit 1;
  if found then
    raise exception using errcode = 'MS022',
      message = case when back = own then format('workflow %s calls itself', own)
                     else format('workflow %s comes to %s, which calls %s again', own, back, own) end,
      hint = 'Take one of the calls away: a graph has loops of its own, with max_visits.';
  end if;
end $$;
comment on function mainstem._refuse_workflow_cycle(uuid) is 'Raises MS022 when the active graphs lead from this workflow to itself.';
