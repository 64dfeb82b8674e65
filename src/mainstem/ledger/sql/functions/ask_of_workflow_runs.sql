create or replace function mainstem.ask_of_workflow_runs(action text, run_ids uuid[], reason text default null)
returns table (run_id uuid, answer text, code text, message text)
language plpgsql
as $$
#variable_conflict use_column
declare
  one uuid;
begin
  perform mainstem._refuse_stricter_isolation();
  if ask_of_workflow_runs.action is null or ask_of_workflow_runs.action not in ('retry', 'cancel', 'resume') then
    raise exception using errcode = 'MS010', message = format('%s is nothing that is asked of runs', coalesce(ask_of_workflow_runs.action, 'NULL')),
      hint = 'Ask one of retry, cancel, resume.';
  end if;
  foreach one in array array(select distinct asked from unnest(ask_of_workflow_runs.run_ids) asked order by asked) loop
    run_id := one; code := null; message := null;
    begin  -- what is refused of one is no reason to leave out the others
      case ask_of_workflow_runs.action
        when 'retry' then answer := mainstem.retry_workflow_run(one);
        when 'cancel' then answer := mainstem.cancel_workflow_run(one, ask_of_workflow_runs.reason);
        else
          perform mainstem.resume_workflow_run(one);
          answer := 'resumed';
      end case;
    exception when sqlstate 'MS001' or sqlstate 'MS003' or sqlstate 'MS006' or sqlstate 'MS009' then
      answer := 'refused'; code := sqlstate; message := sqlerrm;
    end;
    return next;
  end loop;
end $$;
comment on function mainstem.ask_of_workflow_runs(text, uuid[], text) is 'Ask retry, cancel or resume of each of these runs, in the order of their ids: its answer, or refused with the code and what was said. Raises MS008, MS010.';
