create or replace function mainstem.resume_workflow_run(run_id uuid) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  queued record;
  status text;
begin
  perform mainstem._refuse_stricter_isolation();
  select q.org_id, q.state into queued from mainstem.user_workflow_run_queue q
   where q.run_id = resume_workflow_run.run_id for no key update;
  if not found then
    select r.status into status from mainstem.user_workflow_run r where r.run_id = resume_workflow_run.run_id;
    if not found then
      perform mainstem._refuse_missing_run(resume_workflow_run.run_id);
    end if;
    perform mainstem._refuse_run_over(resume_workflow_run.run_id, status);
  elsif queued.state <> 'paused' then
    raise exception using errcode = 'MS006', message = format('run %s is %s, not paused', resume_workflow_run.run_id, queued.state),
      hint = 'Only a paused run is resumed.';
  end if;
  update mainstem.user_workflow_run_queue q set state = 'ready', due_at = mainstem.clock() where q.run_id = resume_workflow_run.run_id;
  update mainstem.user_workflow_run r set status = 'pending', error_message = null, error_details = null, updated_at = mainstem.clock()
   where r.run_id = resume_workflow_run.run_id;
  perform mainstem._note_change(queued.org_id, resume_workflow_run.run_id, 0, 'pending');
  perform pg_notify('mainstem_ready', '');
end $$;
comment on function mainstem.resume_workflow_run(uuid) is 'Let a paused run go on: the next worker claims it. Raises MS001, MS003 (it is over), MS006 (not paused).';
