create or replace function mainstem._write_workflow_graph(workflow_id uuid, version integer, graph jsonb) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  org uuid := mainstem.current_org();
  kept uuid[];
begin
  delete from mainstem.user_workflow_transition t where t.org_id = org and t.workflow_id = _write_workflow_graph.workflow_id;
  with written as (
    insert into mainstem.user_workflow_node as w (org_id, node_id, workflow_id, label, description, metadata)
    select org, md5(_write_workflow_graph.workflow_id || '/' || (n.node ->> 'key'))::uuid, _write_workflow_graph.workflow_id,
           coalesce(n.node ->> 'label', n.node ->> 'key'), n.node ->> 'description',
           '{"type": "general"}' || (n.node - 'label' - 'description') || jsonb_build_object('place', n.place)
      from jsonb_array_elements(graph -> 'nodes') with ordinality n (node, place)
    on conflict (org_id, node_id) do update
      set label = excluded.label, description = excluded.description, metadata = excluded.metadata, updated_at = mainstem.clock()
    returning w.node_id)
  select array_agg(w.node_id) into kept from written w;
  update mainstem.user_workflow_node n  -- a step may name it: its row stays, and says since when the graph is without it
     set metadata = n.metadata || jsonb_build_object('removed_in_version', _write_workflow_graph.version), updated_at = mainstem.clock()
   where n.org_id = org and n.workflow_id = _write_workflow_graph.workflow_id and not n.node_id = any (kept)
     and not n.metadata ? 'removed_in_version';
  insert into mainstem.user_workflow_transition (org_id, workflow_id, from_node, to_node, action_label, condition)
  select org, _write_workflow_graph.workflow_id, md5(_write_workflow_graph.workflow_id || '/' || (e.edge ->> 'from'))::uuid,
         md5(_write_workflow_graph.workflow_id || '/' || (e.edge ->> 'to'))::uuid,
         coalesce(nullif(e.edge ->> 'label', ''), case when (e.edge ->> 'on_error')::boolean then 'error' else 'next' end), e.edge ->> 'condition'
    from jsonb_array_elements(graph -> 'edges') e (edge);
end $$;
comment on function mainstem._write_workflow_graph(uuid, integer, jsonb) is 'A graph as rows: a node keeps its id over all versions, one that the graph is without keeps its row.';
