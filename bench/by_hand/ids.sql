-- Given beforehand and not measured: an id for each run, and the partitions of their months.
create table public.given_id as select trace_id, mainstem.new_run_id(created_at) as run_id from public.workflow_trace;
alter table public.given_id add primary key (trace_id);
select mainstem.ensure_workflow_leaf(m.month) from (select distinct date_trunc('month', created_at) as month from public.workflow_trace) m;
analyze public.given_id;
