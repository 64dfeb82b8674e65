-- Given beforehand and not measured: an id for each run, and the partitions of their months.
create table public.given_id as select trace_id, mainstem.new_run_id(created_at) as run_id from public.workflow_trace;
alter table public.given_id add primary key (trace_id);
select mainstem.ensure_workflow_leaf(m.year, 'year') from (select distinct date_trunc('year', created_at) as year from public.workflow_trace) m;
analyze public.given_id;
