create or replace function mainstem.publish_workflow_graph(
  workflow_id uuid, graph jsonb, checksum text, published_by uuid default null, expected integer default null)
returns table (version integer, is_new boolean)
language plpgsql
as $$
#variable_conflict use_column
declare
  org uuid := mainstem.current_org();
  revision integer;
  known integer;
begin
  perform mainstem._refuse_stricter_isolation();  -- who waits for the lock reads what its holder published
  select w.version into revision from mainstem.user_workflow w
   where w.org_id = org and w.workflow_id = publish_workflow_graph.workflow_id for no key update;
  if not found then
    raise exception using errcode = 'MS001', message = format('no workflow %s in this tenant', publish_workflow_graph.workflow_id),
      hint = 'Look at the id; then at the tenant: the setting app.current_org_id of this transaction.';
  end if;
  if revision <> expected then
    raise exception using errcode = 'MS021', message = format('the draft is at revision %s, and revision %s was to be published', revision, expected),
      hint = 'Read the draft again, and publish that.';
  end if;
  update mainstem.user_workflow w set draft_state = null, draft_updated_at = null, version = w.version + 1, updated_at = mainstem.clock()
   where w.org_id = org and w.workflow_id = publish_workflow_graph.workflow_id and w.draft_state is not null;
  select v.version into known from mainstem.user_workflow_version v
   where v.org_id = org and v.workflow_id = publish_workflow_graph.workflow_id and v.checksum = publish_workflow_graph.checksum
   order by v.version limit 1;
  if found then
    return query select known, false;
    return;
  end if;
  return query
    insert into mainstem.user_workflow_version (org_id, workflow_id, version, graph_config, checksum, published_by)
    select org, publish_workflow_graph.workflow_id, coalesce(max(v.version), 0) + 1, publish_workflow_graph.graph,
           publish_workflow_graph.checksum, publish_workflow_graph.published_by
      from mainstem.user_workflow_version v where v.org_id = org and v.workflow_id = publish_workflow_graph.workflow_id
    returning user_workflow_version.version, true;
end $$;
comment on function mainstem.publish_workflow_graph(uuid, jsonb, text, uuid, integer) is 'Keep a checked graph as the next version, for good; one with a checksum that is there already is that version. The draft is done with. expected: the revision that the publisher read; NULL does not ask. It is not active yet. Raises MS001, MS021.';
