-- What a recorder sends: one array of each type a flush. Types are tables' equals: migrated, never reinstalled,
-- because a worker that runs through an upgrade holds their oids.
create type mainstem._start_record as (
  run_id uuid, org_id uuid, workflow_id uuid, workflow_version integer, channel text, external_id text,
  input_data jsonb, config_snapshot jsonb, created_by uuid, priority integer, tags text[], is_test boolean,
  queue text, parent_step_id uuid, idempotency_key text, request_digest bytea, traceparent text, concurrency_key text, test jsonb);
comment on type mainstem._start_record is 'A run to begin. config_snapshot NULL: what resolve_workflow_config gives. traceparent: the span that it was started in. test: what a test run gives in place of its steps, kept in metadata.test.';

create type mainstem._step_record as (
  run_id uuid, epoch integer, step_number integer, iteration integer, retry_count integer,
  age_us bigint, ended_us bigint, status text, node_key text,
  input_data jsonb, output_data jsonb, screenshots jsonb, metadata jsonb, error_message text, error_details jsonb,
  events jsonb);
comment on type mainstem._step_record is 'A step as its owner saw it. age_us and ended_us: microseconds ago, by the owner''s monotonic clock; ended_us NULL: still open. events: of a step that begins and ends in this flush, [{age_us, event_type, event_data}] in order.';

create type mainstem._event_record as (
  run_id uuid, epoch integer, step_number integer, age_us bigint, event_type text, event_data jsonb);
comment on type mainstem._event_record is 'An event of a step, or of the run when step_number is 0.';

create type mainstem._wait_record as (
  run_id uuid, epoch integer, step_number integer, iteration integer, kind text, node_key text, signal text, timeout_us bigint,
  metadata jsonb, suspend boolean, given jsonb);
comment on type mainstem._wait_record is 'A step that waits. kind: signal (for a name, until a time-out), approval (for an answer, by a signal of its own), sleep (for a time), retry (a failed attempt''s back-off), child (begins a run and waits for its end), start (begins a run). timeout_us: microseconds from the first time it is recorded. suspend: nothing else in the run can go on. given: what an approval asks; what a child begins with, as _start_record, its workflow by name.';

create type mainstem._ending_record as (
  run_id uuid, epoch integer, status text, output_data jsonb, endpoints_used jsonb, error_message text, error_details jsonb);
comment on type mainstem._ending_record is 'The end of a run, or its pause.';
