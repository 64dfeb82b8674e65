-- The functions of the old schema for old ids, where the old text does not work on views. {old}: the old schema, whose
-- old names are views with INSTEAD OF triggers by now.
--
-- These seven are kept as they are, since they name tables in the body and the names now find the views:
-- start_workflow_execution, complete_workflow_execution, complete_workflow_step, retry_workflow_step,
-- get_workflow_context, get_active_workflow_config, cleanup_old_execution_data.
--
-- Two are made anew. start_workflow_step(bigint, bigint, …) never worked on the applied tables, whose nodes have uuids:
-- it goes from the node's old number to the code it had, and from there to the node of that label in the run's own
-- workflow. (consolidation_id cannot say it: a numbered node was copied into every workflow that used it, and has as many
-- uuids.) set_workflow_context was an upsert ON CONFLICT, which no view takes.

create or replace function {old}.start_workflow_step(p_trace_id bigint, p_node_id uuid, p_step_number integer, p_input_data jsonb default null)
returns bigint language plpgsql as $$
declare
  v_step_id bigint;
begin
  insert into {old}.workflow_steps (trace_id, node_id, step_number, status, input_data, start_time)
  values (p_trace_id, p_node_id, p_step_number, 'running', p_input_data, now())
  returning step_id into v_step_id;
  insert into {old}.workflow_events (trace_id, step_id, event_type, event_data)
  values (p_trace_id, v_step_id, 'step_started', jsonb_build_object('node_id', p_node_id, 'step_number', p_step_number));
  return v_step_id;
end $$;
comment on function {old}.start_workflow_step(bigint, uuid, integer, jsonb) is 'Begin a step by the run''s old id and the node''s uuid; gives the step''s old id.';

create or replace function {old}.start_workflow_step(p_trace_id bigint, p_node_id bigint, p_step_number integer, p_input_data jsonb default null)
returns bigint language plpgsql as $$
declare
  v_step_id bigint;
  v_nodes uuid[];
begin
  select array_agg(n.node_id) into v_nodes
    from {old}.workflow_trace t
    join {old}.workflow_node w on w.node_id = p_node_id
    join {old}.user_workflow_node n on n.workflow_id = t.workflow_id and n.label = w.code
   where t.trace_id = p_trace_id;
  if cardinality(v_nodes) is distinct from 1 then
    raise exception using errcode = 'foreign_key_violation',
      message = format('node %s is %s in the workflow of trace %s', p_node_id,
                       case when v_nodes is null then 'no node' else cardinality(v_nodes) || ' nodes' end, p_trace_id),
      hint = 'A number means the node whose label is the code of that row of workflow_node. Pass the uuid of the node you mean.';
  end if;
  insert into {old}.workflow_steps (trace_id, node_id, step_number, status, input_data, start_time)
  values (p_trace_id, v_nodes[1], p_step_number, 'running', p_input_data, now())
  returning step_id into v_step_id;
  insert into {old}.workflow_events (trace_id, step_id, event_type, event_data)
  values (p_trace_id, v_step_id, 'step_started', jsonb_build_object('node_id', p_node_id, 'step_number', p_step_number));
  return v_step_id;
end $$;
comment on function {old}.start_workflow_step(bigint, bigint, integer, jsonb) is 'Begin a step by the run''s old id and the node''s old number: the node of the run''s workflow whose label is that number''s code in workflow_node. Gives the step''s old id.';

create or replace function {old}.set_workflow_context(p_trace_id bigint, p_key varchar, p_value jsonb)
returns void language plpgsql as $$
begin
  loop
    update {old}.workflow_trace_context set value = p_value, updated_at = now() where trace_id = p_trace_id and key = p_key;
    exit when found;
    begin
      insert into {old}.workflow_trace_context (trace_id, key, value) values (p_trace_id, p_key, p_value);
      exit;
    exception when unique_violation then
      null;  -- somebody else was quicker: what is there now is updated
    end;
  end loop;
end $$;
comment on function {old}.set_workflow_context(bigint, varchar, jsonb) is 'Set one key of a run''s context by the run''s old id; setting it again replaces the value.';
