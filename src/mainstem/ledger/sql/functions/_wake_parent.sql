create or replace function mainstem._wake_parent() returns trigger
language plpgsql
as $$
#variable_conflict use_column
declare
  parent uuid := mainstem.run_of(new.parent_step_id);
begin
  if exists (select from mainstem.user_workflow_run_step s
              where s.run_id = parent and s.step_number = mainstem.step_number_of(new.parent_step_id) and s.status = 'waiting'
                and s.metadata ->> 'child' = new.run_id::text) then
    perform 1 from mainstem.user_workflow_run_queue q where q.run_id = parent for no key update;
    if found then
      perform mainstem._deliver_signal(parent, new.org_id, 'mainstem:child:' || new.run_id, null, null);
    end if;
  end if;
  return new;
end $$;
comment on function mainstem._wake_parent() is 'A run has ended that another waits for: a signal of our own tells it, under the lock that its wait takes. Whoever ends runs locks the parent''s queue row before the child''s, or it is locked here.';

create or replace trigger ended_runs_wake_who_waits before update on mainstem.user_workflow_run
  for each row when (new.parent_step_id is not null and new.ended_at is not null and old.ended_at is null)
  execute function mainstem._wake_parent();
