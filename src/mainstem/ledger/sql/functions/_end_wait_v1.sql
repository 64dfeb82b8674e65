create or replace function mainstem._end_wait_v1(run_id uuid, step_number integer, output_data jsonb, note jsonb) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  update mainstem.user_workflow_run_step s
     set status = 'completed', output_data = _end_wait_v1.output_data, ended_at = greatest(moment, s.started_at),
         duration_ms = greatest(0, extract(epoch from moment - s.started_at) * 1000)::bigint,
         metadata = s.metadata - 'wait' || note, updated_at = moment
   where s.run_id = _end_wait_v1.run_id and s.step_number = _end_wait_v1.step_number;
end $$;
comment on function mainstem._end_wait_v1(uuid, integer, jsonb, jsonb) is 'A wait is over: what it took is the output of its step.';
