create or replace view mainstem.v_failed_steps_analysis with (security_invoker = true) as
select s.step_id, s.run_id, s.node_id, s.status, s.error_message, s.retry_count, s.duration_ms,
       coalesce(n.label, s.node_key) as node_code, n.description as node_description, r.workflow_id, r.channel, w.name as workflow_name,
       s.org_id, s.step_number, s.started_at as start_time, s.error_details
  from mainstem.user_workflow_run_step s
 cross join lateral (  -- offset 0: a look-up for each step, never a join that reads every partition of runs
    select t.workflow_id, t.channel from mainstem.user_workflow_run t where t.run_id = s.run_id and not t.is_test offset 0) r
  join mainstem.user_workflow w on w.org_id = s.org_id and w.workflow_id = r.workflow_id
  left join mainstem.user_workflow_node n on n.org_id = s.org_id and n.node_id = s.node_id
 where s.status = 'failed' and s.started_at >= now() - interval '7 days'
 order by s.started_at desc;
comment on view mainstem.v_failed_steps_analysis is 'Steps that failed in the last 7 days, latest first; those of test runs are left out.';
