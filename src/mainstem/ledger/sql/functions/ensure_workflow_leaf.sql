do $$
begin  -- its form of before, beside which a call with one argument would mean both
  if to_regprocedure('mainstem.ensure_workflow_leaf(timestamptz)') is not null then
    drop function mainstem.ensure_workflow_leaf(timestamptz);
  end if;
end $$;
create or replace function mainstem.ensure_workflow_leaf(at timestamptz, span text default 'month') returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- what is neither becomes a month: a leaf of a century would never be retired
  unit text := case ensure_workflow_leaf.span when 'year' then 'year' else 'month' end;
  begins timestamptz := date_trunc(unit, ensure_workflow_leaf.at at time zone 'UTC') at time zone 'UTC';
  ends timestamptz := (begins at time zone 'UTC' + ('1 ' || unit)::interval) at time zone 'UTC';
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
  -- a neighbour may have other bounds: the new leaf fills the gap between
  select max(upper) into before_it from mainstem.user_workflow_leaf where upper <= ensure_workflow_leaf.at;
  select min(lower) into after_it from mainstem.user_workflow_leaf where lower > ensure_workflow_leaf.at;
  perform mainstem._make_workflow_leaf(greatest(begins, before_it), least(ends, after_it));
end $$;
comment on function mainstem.ensure_workflow_leaf(timestamptz, text) is 'See that runs of this time have a partition: the month it lies in (UTC), or its year where span says so, unless one is there; one that was retired is kept. Takes a lock only when it makes one.';
