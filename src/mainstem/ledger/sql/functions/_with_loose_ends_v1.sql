create or replace function mainstem._with_loose_ends_v1(ids uuid[]) returns uuid[]
language plpgsql stable
as $$
declare
  first uuid := ids[1];
  last uuid := ids[cardinality(ids)];
begin
  return array(
    select c.run_id from mainstem.user_workflow_run_context c where c.run_id = any (ids)
    union all select s.run_id from mainstem.user_workflow_signal s where s.run_id = any (ids)
    union all select e.run_id from mainstem.user_workflow_event e
               where e.run_id = any (ids) and e.run_id between first and last and e.step_number = 0
    union all select s.run_id from mainstem.user_workflow_run_step s
               where s.run_id = any (ids) and s.run_id between first and last and s.status in ('pending', 'running', 'waiting'));
end $$;
comment on function mainstem._with_loose_ends_v1(uuid[]) is 'Which of these runs, given in order, have context, signals, events or open steps to fold in when they end.';
