create or replace function mainstem._make_workflow_leaf(lower timestamptz, upper timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  suffix text := to_char(lower at time zone 'UTC', '"p"YYYYMMDD"t"HH24MI');
  parent text;
  leaf text;
begin
  insert into mainstem.user_workflow_leaf (lower, upper, suffix) values (_make_workflow_leaf.lower, _make_workflow_leaf.upper, suffix);
  foreach parent in array array['user_workflow_run', 'user_workflow_run_step', 'user_workflow_event'] loop
    leaf := parent || '_' || suffix;
    -- LIKE, CHECK, ATTACH: a lock that writers do not meet, where PARTITION OF would shut out everybody
    execute format('create table mainstem.%I (like mainstem.%I including all)', leaf, parent);
    execute format('alter table mainstem.%I add constraint bounds check (run_id >= %L and run_id < %L)',
                   leaf, mainstem.first_id_at(lower), mainstem.first_id_at(upper));
    execute format('alter table mainstem.%I attach partition mainstem.%I for values from (%L) to (%L)',
                   parent, leaf, mainstem.first_id_at(lower), mainstem.first_id_at(upper));
    execute format('alter table mainstem.%I drop constraint bounds', leaf);
    execute format('revoke all on mainstem.%I from public, mainstem_app, mainstem_worker, mainstem_search, mainstem_reader, mainstem_tenant', leaf);
  end loop;
end $$;
comment on function mainstem._make_workflow_leaf(timestamptz, timestamptz) is 'Make the partitions of runs, steps and events for these bounds; nobody but the owner gets a right on them.';
