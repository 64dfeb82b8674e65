create or replace view mainstem.v_workflow_channel_performance with (security_invoker = true) as
select r.workflow_id, r.channel,
       count(*) as execution_count,
       count(*) filter (where r.status = 'completed') as success_count,
       count(*) filter (where r.status = 'failed') as failure_count,
       avg(r.duration_ms) as avg_duration_ms,
       min(r.duration_ms) as min_duration_ms,
       max(r.duration_ms) as max_duration_ms,
       percentile_cont(0.5) within group (order by r.duration_ms) as median_duration_ms,
       percentile_cont(0.95) within group (order by r.duration_ms) as p95_duration_ms,
       round(count(*) filter (where r.status = 'completed')::numeric
             / nullif(count(*) filter (where r.ended_at is not null), 0), 4) as success_rate,
       r.org_id
  from mainstem.user_workflow_run r
 where r.started_at >= now() - interval '30 days' and not r.is_test
 group by r.org_id, r.workflow_id, r.channel;
comment on view mainstem.v_workflow_channel_performance is 'Runs of the last 30 days by workflow and channel. success_rate: completed of those that have ended, 0 to 1.';
