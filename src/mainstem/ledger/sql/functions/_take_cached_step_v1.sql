create or replace function mainstem._take_cached_step_v1(org uuid, wanted text, workflow text, step text, label text, run uuid, number integer, run_epoch integer)
returns table (answer text, output_data text, run_id uuid, step_number integer, created_at timestamptz)
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  return query
    select 'there', c.output_data::text, c.run_id, c.step_number, c.created_at from mainstem.user_workflow_step_cache c
     where c.org_id = org and c.cache_key = wanted and c.epoch is null and c.expires_at > moment;
  if found then
    return;
  end if;
  insert into mainstem.user_workflow_step_cache as c
    (org_id, cache_key, workflow, step, label, run_id, step_number, epoch, created_at, expires_at)
  values (org, wanted, _take_cached_step_v1.workflow, _take_cached_step_v1.step, _take_cached_step_v1.label, run, number, run_epoch,
          moment, moment + interval '1 day')
  on conflict (org_id, cache_key) do update
     set workflow = excluded.workflow, step = excluded.step, label = excluded.label, run_id = excluded.run_id, step_number = excluded.step_number,
         epoch = excluded.epoch, output_data = null, created_at = excluded.created_at, expires_at = excluded.expires_at
   where case when c.epoch is null then c.expires_at <= moment
              else (c.run_id, c.step_number) = (run, number)
                or not exists (select from mainstem.user_workflow_run_queue q
                                where q.run_id = c.run_id and q.epoch = c.epoch and q.worker_id is not null) end;
  return query select case when found then 'yours' else 'held' end, null::text, null::uuid, null::integer, null::timestamptz;
end $$;
comment on function mainstem._take_cached_step_v1(uuid, text, text, text, text, uuid, integer, integer) is 'A result that is cached: there; or else yours, to be made by this step of this run, or held: another run makes it, ask again. Who holds it has lost it when its run is not owned under that epoch any more.';
