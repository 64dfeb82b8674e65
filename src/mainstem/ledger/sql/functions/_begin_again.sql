create or replace function mainstem._begin_again(run_id uuid, from_step integer, run_error text) returns void
language plpgsql
as $$
#variable_conflict use_column
declare
  moment timestamptz := mainstem.clock();
begin
  -- what ended the run is done again. A failure that its code caught, and after which it went on, stays as recorded: its replay needs it
  update mainstem.user_workflow_run_step s
     set status = 'pending', retry_count = s.retry_count + 1, started_at = null, ended_at = null, duration_ms = null,
         output_data = null, error_message = null, error_details = null, updated_at = moment,
         events = s.events || mainstem._old_ending('step_retried', moment, to_jsonb(s.retry_count), s.error_message, s.error_details, s.output_data, s.started_at, s.ended_at)
   where s.run_id = _begin_again.run_id
     and (s.status = 'cancelled' and s.error_message = 'the run ended first'
          or s.status = 'failed' and _begin_again.from_step is null and (position(s.error_message in _begin_again.run_error) > 0 or not exists (
               select from mainstem.user_workflow_run_step later
                where later.run_id = _begin_again.run_id and later.step_number > s.step_number and later.started_at >= s.ended_at)));
end $$;
comment on function mainstem._begin_again(uuid, integer, text) is 'Let the steps of an engine''s run be done again that failed it, and those that its end cut short. With from_step, from which on it is done again anyway, only the latter.';
