create or replace function mainstem._retire_due_leaves() returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  leaf record;
  scheduled bigint := 0;
begin
  for leaf in
    select l.lower, l.upper from mainstem.user_workflow_leaf l
     where l.retired_at is null and l.upper < mainstem.clock() - interval '1 day'
     order by l.lower for update skip locked
  loop
    if not exists (
         select from mainstem.user_workflow_run r join mainstem.organization o on o.org_id = r.org_id
          where r.run_id >= mainstem.first_id_at(leaf.lower) and r.run_id < mainstem.first_id_at(leaf.upper)
            and (r.ended_at is null or o.retention_days is null
                 or r.ended_at >= mainstem.clock() - make_interval(days => o.retention_days)))
    then
      update mainstem.user_workflow_leaf l set retired_at = mainstem.clock() where l.lower = leaf.lower;
      scheduled := scheduled + 1;
    end if;
  end loop;
  return scheduled;
end $$;
comment on function mainstem._retire_due_leaves() is 'Schedule for dropping each past leaf in which every run is over and older than its own tenant''s retention_days; gives how many. Shows no row of anybody.';
