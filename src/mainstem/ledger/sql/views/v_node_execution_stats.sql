create or replace view mainstem.v_node_execution_stats with (security_invoker = true) as
select s.node_id, coalesce(n.label, s.node_key) as node_code, n.description as node_description,
       count(*) as execution_count,
       count(*) filter (where s.status = 'completed') as success_count,
       count(*) filter (where s.status = 'failed') as failure_count,
       count(*) filter (where s.status = 'skipped') as skip_count,
       avg(s.duration_ms) as avg_duration_ms,
       avg(s.retry_count) as avg_retry_count,
       max(s.retry_count) as max_retry_count,
       r.workflow_id, r.org_id
  from mainstem.user_workflow_run r
 cross join lateral (  -- offset 0: a look-up for each run, never a join that reads every partition of steps
    select t.node_id, t.node_key, t.status, t.duration_ms, t.retry_count
      from mainstem.user_workflow_run_step t where t.run_id = r.run_id and not t.metadata ? 'copied_from' offset 0) s
  left join mainstem.user_workflow_node n on n.org_id = r.org_id and n.node_id = s.node_id
 where r.started_at >= now() - interval '30 days' and not r.is_test
 group by r.org_id, r.workflow_id, s.node_id, coalesce(n.label, s.node_key), n.description;
comment on view mainstem.v_node_execution_stats is 'Steps of the last 30 days'' runs by workflow and node; a code workflow''s node is its function. Steps that a fork has copied count once.';
