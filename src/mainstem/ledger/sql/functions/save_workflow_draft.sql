create or replace function mainstem.save_workflow_draft(workflow_id uuid, expected integer, graph jsonb)
returns table (revision integer, is_saved boolean, theirs jsonb)
language plpgsql
as $$
#variable_conflict use_column
declare
  found_version integer;
  found_graph jsonb;
begin
  perform mainstem._refuse_stricter_isolation();
  select w.version, coalesce(w.draft_state, w.graph_config) into found_version, found_graph from mainstem.user_workflow w
   where w.org_id = mainstem.current_org() and w.workflow_id = save_workflow_draft.workflow_id for no key update;
  if not found then
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', save_workflow_draft.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  if found_version <> expected then
    return query select found_version, false, found_graph;
    return;
  end if;
  return query
    update mainstem.user_workflow w set draft_state = save_workflow_draft.graph, draft_updated_at = mainstem.clock(),
           version = w.version + 1, updated_at = mainstem.clock()
     where w.org_id = mainstem.current_org() and w.workflow_id = save_workflow_draft.workflow_id
    returning w.version, true, null::jsonb;
end $$;
comment on function mainstem.save_workflow_draft(uuid, integer, jsonb) is 'Save the graph that is being edited, for who read revision expected (user_workflow.version); gives the next revision. For who read an older one nothing is written: is_saved is false, and theirs is the graph that is there. Raises MS001.';
