create or replace view mainstem.v_workflow_usage with (security_invoker = true) as
select r.workflow_id, w.name as workflow_name, s.node_key as node_code, coalesce(u.model, '') as model,
       (r.started_at at time zone 'UTC')::date as day,
       count(*) as step_count,
       sum(u.calls) as calls,
       sum(u.tokens_in) as tokens_in,
       sum(u.tokens_out) as tokens_out,
       sum(u.cost) as cost,
       r.org_id
  from mainstem.user_workflow_run r
 cross join lateral (  -- offset 0: a look-up for each run, never a join that reads every partition of steps
    select t.node_key, t.metadata -> 'usage' as usage
      from mainstem.user_workflow_run_step t where t.run_id = r.run_id and jsonb_typeof(t.metadata -> 'usage') = 'array' offset 0) s
 cross join lateral jsonb_to_recordset(s.usage) u (model text, calls numeric, tokens_in numeric, tokens_out numeric, cost numeric)
  join mainstem.user_workflow w on w.org_id = r.org_id and w.workflow_id = r.workflow_id
 where r.started_at >= now() - interval '30 days' and not r.is_test
 group by r.org_id, r.workflow_id, w.name, s.node_key, coalesce(u.model, ''), (r.started_at at time zone 'UTC')::date;
comment on view mainstem.v_workflow_usage is 'What steps of the last 30 days'' runs reported to have spent, all attempts, by workflow, node, model and day (UTC, of the run''s start).';
