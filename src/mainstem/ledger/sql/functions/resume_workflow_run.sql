create or replace function mainstem.resume_workflow_run(run_id uuid, step_over boolean default false) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  queued record;
  status text;
  moment timestamptz;
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
  moment := mainstem.clock();
  -- its deadline stood still while it was paused
  update mainstem.user_workflow_run_queue q
     set state = 'ready', due_at = moment, attempt = 0,
         deadline_at = q.deadline_at + (moment - (select r.updated_at from mainstem.user_workflow_run r where r.run_id = resume_workflow_run.run_id))
   where q.run_id = resume_workflow_run.run_id;
  update mainstem.user_workflow_run r
     set status = 'pending', error_message = null, error_details = null, updated_at = moment,
         metadata = r.metadata || case when r.metadata ? 'deadline'
           then jsonb_build_object('deadline', (r.metadata ->> 'deadline')::timestamptz + (moment - r.updated_at)) else '{}' end
   where r.run_id = resume_workflow_run.run_id;
  -- a worker passes the breakpoints that it stands before, and these only
  update mainstem.user_workflow_run_step s
     set metadata = jsonb_set(s.metadata, '{breakpoint}', s.metadata -> 'breakpoint' || jsonb_build_object('passed_at', moment, 'step_over', coalesce(resume_workflow_run.step_over, false)))
   where s.run_id = resume_workflow_run.run_id and s.status = 'pending' and s.metadata ? 'breakpoint' and not s.metadata -> 'breakpoint' ? 'passed_at';
  perform mainstem._note_change(queued.org_id, resume_workflow_run.run_id, 0, 'pending');
  perform pg_notify('mainstem_ready', '');
end $$;
comment on function mainstem.resume_workflow_run(uuid, boolean) is 'Let a paused run go on: the next worker claims it, and passes the breakpoint that it stands before. step_over: it pauses again before the step after that one. Raises MS001, MS003 (it is over), MS006 (not paused).';
