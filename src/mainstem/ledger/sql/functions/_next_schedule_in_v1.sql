create or replace function mainstem._next_schedule_in_v1() returns double precision
language sql volatile
as $$
  select extract(epoch from min(s.look_at) - mainstem.clock())::double precision
    from mainstem.user_workflow_schedule s where s.look_at is not null
$$;
comment on function mainstem._next_schedule_in_v1() is 'Seconds until the next schedule is looked at: nobody asks for one before. NULL when there is none.';
