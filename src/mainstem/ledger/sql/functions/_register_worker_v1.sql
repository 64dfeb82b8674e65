create or replace function mainstem._register_worker_v1(worker uuid, host text, pid integer, capabilities jsonb, ttl interval) returns void
language plpgsql
set role to none  -- when its backend began is told to the login only
as $$
begin
  insert into mainstem.user_workflow_worker (worker_id, host, pid, capabilities, ttl, backend_pid, backend_start)
  values (worker, _register_worker_v1.host, _register_worker_v1.pid, _register_worker_v1.capabilities, _register_worker_v1.ttl,
          pg_backend_pid(), (select a.backend_start from pg_stat_activity a where a.pid = pg_backend_pid()))
  on conflict (worker_id) do update set backend_pid = excluded.backend_pid, backend_start = excluded.backend_start;
end $$;
comment on function mainstem._register_worker_v1(uuid, text, integer, jsonb, interval) is 'Enter a new incarnation of a worker, called on its recorder''s connection; called again after a reconnect it notes the new backend.';
