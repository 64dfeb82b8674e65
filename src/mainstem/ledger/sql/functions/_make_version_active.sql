create or replace function mainstem._make_version_active(workflow_id uuid, version integer) returns integer
language plpgsql
as $$
#variable_conflict use_column
declare
  org uuid := mainstem.current_org();
  before integer;
  graph jsonb;
begin
  perform mainstem._refuse_stricter_isolation();
  perform pg_advisory_xact_lock(hashtextextended('mainstem graphs ' || org, 0));  -- two that call each other are not activated past one another
  select w.active_version into before from mainstem.user_workflow w
   where w.org_id = org and w.workflow_id = _make_version_active.workflow_id for no key update;
  select v.graph_config into graph from mainstem.user_workflow_version v
   where v.org_id = org and v.workflow_id = _make_version_active.workflow_id and v.version = _make_version_active.version;
  if not found then
    raise exception using errcode = 'MS001',
      message = format('no version %s of workflow %s in this tenant', _make_version_active.version, _make_version_active.workflow_id),
      hint = 'List its versions; then look at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  update mainstem.user_workflow w set graph_config = graph, active_version = _make_version_active.version, updated_at = mainstem.clock()
   where w.org_id = org and w.workflow_id = _make_version_active.workflow_id;
  perform mainstem._refuse_workflow_cycle(_make_version_active.workflow_id);
  perform mainstem._write_workflow_graph(_make_version_active.workflow_id, _make_version_active.version, graph);
  return before;
end $$;
comment on function mainstem._make_version_active(uuid, integer) is 'The published version becomes the workflow''s own: its graph, its nodes and transitions; gives the version that was active before. Raises MS001, MS022.';
