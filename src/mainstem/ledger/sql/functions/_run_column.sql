create or replace function mainstem._run_column(key text) returns text
language plpgsql immutable
as $$
begin
  return case key
  when 'status' then 'r.status' when 'channel' then 'r.channel' when 'version' then 'r.workflow_version' when 'ext' then 'r.external_id'
  when 'created' then 'r.run_id' when 'started' then 'r.started_at' when 'ended' then 'r.ended_at' when 'duration' then 'r.duration_ms'
  when 'priority' then 'r.priority' when 'driver' then 'r.driver' when 'legacy' then 'r.legacy_trace_id' when 'id' then 'r.run_id'
  when 'workflow' then 'w.name' when 'tag' then 'tag' when 'err' then 'r.error_message' when 'node' then 's.node_key' when 'label' then 'n.label'
  when 'retries' then '(select coalesce(sum(s.retry_count), 0) from mainstem.user_workflow_run_step s where s.run_id = r.run_id)'
  when 'steps' then '(select count(*) from mainstem.user_workflow_run_step s where s.run_id = r.run_id)' end;
end $$;
comment on function mainstem._run_column(text) is 'What a key of the filter language compares, as SQL over r, a run; NULL for a key that is none.';
