create or replace function mainstem._begin_child_v1(org_id uuid, one mainstem._wait_record)
returns table (answer text, payload jsonb, state text)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
  child uuid := mainstem.new_run_id(moment);
  parent record;
  begun text;
  refusal text;
  told jsonb;
begin
  select r.created_by, r.is_test into parent from mainstem.user_workflow_run r where r.run_id = one.run_id;
  told := one.given || jsonb_build_object('run_id', child, 'org_id', _begin_child_v1.org_id, 'parent_step_id', mainstem.step_id(one.run_id, one.step_number),
    'created_by', parent.created_by, 'is_test', parent.is_test, 'workflow_id', (
      select w.workflow_id from mainstem.user_workflow w where w.org_id = _begin_child_v1.org_id and w.name = one.given ->> 'workflow'));
  if one.given ->> 'refused' is not null then
    begun := 'refused';
  else
    select s.answer into begun from mainstem._start_runs_v1(null, array[jsonb_populate_record(null::mainstem._start_record, told)]) s;
  end if;
  refusal := case begun when 'refused' then one.given ->> 'refused' when 'no workflow' then format('this tenant has no workflow %s', quote_nullable(one.given ->> 'workflow'))
                        when 'no channel' then format('this organization has no channel %s', quote_nullable(one.given ->> 'channel'))
                        when 'no user' then format('no user %s in this tenant', parent.created_by) end;
  state := case when refusal is not null then 'failed' when one.kind = 'start' then 'completed' else 'waiting' end;
  told := case when refusal is not null then jsonb_build_object('type', case begun when 'no workflow' then 'UnknownWorkflow' when 'refused' then 'InputRefused' else 'BadArgument' end) end;
  insert into mainstem.user_workflow_run_step as t
    (step_id, run_id, org_id, step_number, node_key, iteration, status, started_at, ended_at, duration_ms,
     input_data, output_data, error_message, error_details, metadata)
  values (mainstem.step_id(one.run_id, one.step_number), one.run_id, _begin_child_v1.org_id, one.step_number, one.node_key, one.iteration, state, moment,
          case when state <> 'waiting' then moment end, case when state <> 'waiting' then 0 end, one.given -> 'input_data',
          case state when 'completed' then to_jsonb(child) end, refusal, told,
          coalesce(one.metadata, '{}') || case when refusal is null then jsonb_build_object('child', child) else '{}' end
            || case state when 'waiting' then jsonb_build_object('wait', jsonb_build_object('kind', 'child', 'signal', 'mainstem:child:' || child)) else '{}' end)
  on conflict (run_id, step_number) do update  -- done again, after a retry of the run
     set status = excluded.status, started_at = excluded.started_at, ended_at = excluded.ended_at, duration_ms = excluded.duration_ms,
         output_data = excluded.output_data, error_message = excluded.error_message, error_details = excluded.error_details,
         metadata = t.metadata || excluded.metadata, updated_at = moment;
  return query select case state when 'waiting' then 'open' when 'completed' then 'signal' else 'failed' end,
    case state when 'completed' then to_jsonb(child) when 'failed' then jsonb_build_object('message', refusal, 'details', told) end,
    nullif(state, 'waiting');
end $$;
comment on function mainstem._begin_child_v1(uuid, mainstem._wait_record) is 'Begin the run that a step asks for, in one transaction with the step that keeps its id, and so once: for whichever worker is free, a child of the step. Answers open (its end is waited for), signal (only begun: its id), failed (with message and details).';
