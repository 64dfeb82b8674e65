create or replace function mainstem.ensure_workflow_leaf(at timestamptz) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  month timestamptz := date_trunc('month', ensure_workflow_leaf.at at time zone 'UTC') at time zone 'UTC';
  next_month timestamptz := (month at time zone 'UTC' + interval '1 month') at time zone 'UTC';
  before_it timestamptz;
  after_it timestamptz;
begin
  if exists (select from mainstem.user_workflow_leaf
              where lower <= ensure_workflow_leaf.at and ensure_workflow_leaf.at < upper and retired_at is null) then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('mainstem.user_workflow_leaf'));
  update mainstem.user_workflow_leaf set retired_at = null where lower <= ensure_workflow_leaf.at and ensure_workflow_leaf.at < upper;
  if found then
    return;  -- another session made it while this one waited, or it was retired and is needed again
  end if;
  -- a neighbour may have other bounds than a month: the new leaf fills the gap between
  select max(upper) into before_it from mainstem.user_workflow_leaf where upper <= ensure_workflow_leaf.at;
  select min(lower) into after_it from mainstem.user_workflow_leaf where lower > ensure_workflow_leaf.at;
  perform mainstem._make_workflow_leaf(greatest(month, before_it), least(next_month, after_it));
end $$;
comment on function mainstem.ensure_workflow_leaf(timestamptz) is 'See that runs of this time have a partition: the month it lies in (UTC), unless one is there; one that was retired is kept. Takes a lock only when it makes one.';
