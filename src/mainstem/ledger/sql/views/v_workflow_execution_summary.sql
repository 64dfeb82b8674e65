create or replace view mainstem.v_workflow_execution_summary with (security_invoker = true) as
select r.run_id, r.workflow_id, r.channel, r.status, r.started_at as start_time, r.ended_at as end_time, r.duration_ms, r.error_message,
       r.created_by, w.name as workflow_name,
       steps.total_steps, steps.completed_steps, steps.failed_steps, steps.avg_step_duration_ms,
       r.org_id, r.external_id, r.driver, r.workflow_version
  from mainstem.user_workflow_run r
  join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
 cross join lateral (
    select count(*) as total_steps,
           count(*) filter (where s.status = 'completed') as completed_steps,
           count(*) filter (where s.status = 'failed') as failed_steps,
           avg(s.duration_ms) as avg_step_duration_ms
      from mainstem.user_workflow_run_step s where s.run_id = r.run_id) steps;
comment on view mainstem.v_workflow_execution_summary is 'A row a run, with counts of its steps.';
