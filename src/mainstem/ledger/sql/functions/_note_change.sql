create or replace function mainstem._note_change(org_id uuid, run_id uuid, step_number integer, state text) returns void
language plpgsql
as $$
begin
  insert into mainstem.user_workflow_change (org_id, run_ids, step_numbers, states)
  values (_note_change.org_id, array[_note_change.run_id], array[_note_change.step_number], array[_note_change.state]);
  perform pg_notify('mainstem_change', '');
end $$;
comment on function mainstem._note_change(uuid, uuid, integer, text) is 'Tell the live feed that a run (step_number 0) or a step changed: a row, and a hint to look.';
