create or replace function mainstem._fold_events(run_id uuid, step_number integer) returns jsonb
language plpgsql
as $$
#variable_conflict use_column
declare
  folded jsonb;
begin
  if (select count(*) > 256 or sum(octet_length(event_data::text)) > 262144 from mainstem.user_workflow_event e
       where e.run_id = _fold_events.run_id and e.step_number = _fold_events.step_number) then
    return '[]';  -- too long to stand in one value: it stays in the log
  end if;
  with gone as (
    delete from mainstem.user_workflow_event e
     where e.run_id = _fold_events.run_id and e.step_number = _fold_events.step_number
    returning event_id, event_type, event_data, occurred_at)
  select jsonb_agg(jsonb_build_object('event_id', event_id, 'event_type', event_type, 'event_data', event_data, 'timestamp', occurred_at)
                   order by event_id)
    into folded from gone;
  return coalesce(folded, '[]');
end $$;
comment on function mainstem._fold_events(uuid, integer) is 'Take the events of a step (0: of the run) out of the log, in order, as the list that its row keeps. A log over 256 events or 256 KiB stays, and the list is empty.';
