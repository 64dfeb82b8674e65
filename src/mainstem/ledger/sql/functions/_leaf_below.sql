create or replace function mainstem._leaf_below(run_id uuid) returns uuid
language plpgsql stable
as $$
begin
  return (select mainstem.first_id_at(max(l.lower)) from mainstem.user_workflow_leaf l
           where run_id <> 'ffffffff-ffff-ffff-ffff-ffffffffffff' and mainstem.first_id_at(l.lower) < run_id);
end $$;
comment on function mainstem._leaf_below(uuid) is 'The lower bound of the leaf that the runs before this id are in; NULL before the first, and from the last possible id on.';
