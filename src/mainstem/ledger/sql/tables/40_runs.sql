create table mainstem.user_workflow_run (
  run_id uuid not null,
  workflow_id uuid not null,
  org_id uuid not null,
  status mainstem.trace_status not null default 'pending',
  channel mainstem.workflow_channel not null,
  external_id varchar(255),
  started_at timestamptz,
  ended_at timestamptz,
  duration_ms bigint,
  context jsonb not null default '{}',
  config_snapshot jsonb,
  endpoints_used jsonb not null default '[]',
  error_message text,
  error_details jsonb,
  created_at timestamptz not null default mainstem.clock(),
  created_by uuid,
  updated_at timestamptz not null default mainstem.clock(),
  legacy_trace_id bigint,
  driver text not null,
  workflow_version integer not null default 1,
  input_data jsonb,
  output_data jsonb,
  events jsonb not null default '[]',
  parent_step_id uuid,
  forked_from uuid,
  priority integer not null default 0,
  tags text[] not null default '{}',
  is_test boolean not null default false,
  metadata jsonb not null default '{}',
  primary key (run_id),
  foreign key (org_id, workflow_id) references mainstem.user_workflow on delete restrict,
  foreign key (org_id, created_by) references mainstem.app_user on delete restrict,
  constraint run_ids_leave_room_for_steps check (mainstem.step_number_of(run_id) = 0),
  constraint run_status_is_known check (
    status in ('pending', 'running', 'waiting', 'paused', 'completed', 'failed', 'cancelled', 'timeout')),
  constraint run_driver_is_known check (driver in ('engine', 'caller', 'recorded')),
  constraint ended_runs_have_an_end check (
    (status in ('completed', 'failed', 'cancelled', 'timeout')) = (ended_at is not null)),
  constraint failed_runs_say_why check (status <> 'failed' or error_message is not null),
  constraint runs_end_after_they_start check (ended_at >= started_at),
  constraint run_logs_are_lists check (jsonb_typeof(events) = 'array' and jsonb_typeof(endpoints_used) = 'array'),
  constraint run_context_is_an_object check (jsonb_typeof(context) = 'object' and jsonb_typeof(metadata) = 'object')
) partition by range (run_id);
comment on table mainstem.user_workflow_run is 'One row a run: the truth once it is over; while it lives, queue, context and event log stand beside it.';
comment on column mainstem.user_workflow_run.driver is 'Who moves the run: engine (workers claim it), caller (the SQL functions), recorded (observed elsewhere, or consolidated).';
comment on column mainstem.user_workflow_run.context is 'Key to value, folded in from user_workflow_run_context when the run ends; times of each key in metadata.context_times.';
comment on column mainstem.user_workflow_run.events is 'Events of the run itself, in order: event_id, event_type, event_data, timestamp. Steps have their own.';
comment on column mainstem.user_workflow_run.duration_ms is 'Milliseconds from start to end; bigint, as an integer ends after 24.8 days.';
comment on column mainstem.user_workflow_run.config_snapshot is 'The config that applied when the run began.';
comment on column mainstem.user_workflow_run.legacy_trace_id is 'The bigint id this run had before it was consolidated.';
comment on column mainstem.user_workflow_run.external_id is 'The caller''s own name for what the run is about. Not unique: for one run a request, use an idempotency key.';
comment on column mainstem.user_workflow_run.endpoints_used is 'What the run called outside, in order, as its steps told.';
comment on column mainstem.user_workflow_run.error_details is 'type, code and traceback of what ended it, as far as it is known.';
comment on column mainstem.user_workflow_run.workflow_version is 'The version of the definition that it began with, and keeps.';
comment on column mainstem.user_workflow_run.parent_step_id is 'The step of another run that began this one.';
comment on column mainstem.user_workflow_run.forked_from is 'The step of an ended run from which this one goes on.';
comment on column mainstem.user_workflow_run.priority is 'A higher one is claimed first.';
comment on column mainstem.user_workflow_run.is_test is 'Left out of the statistics.';
comment on column mainstem.user_workflow_run.metadata is 'Yours, beside the ledger''s own context_times, epoch, queue and legacy.';

create index user_workflow_run_by_workflow on mainstem.user_workflow_run (org_id, workflow_id, started_at desc)
  include (run_id, status, duration_ms, is_test);  -- statistics of a workflow read no row
create index user_workflow_run_by_status on mainstem.user_workflow_run (org_id, status, started_at desc);
create index user_workflow_run_by_channel on mainstem.user_workflow_run (org_id, channel, started_at desc);
create index user_workflow_run_by_external_id on mainstem.user_workflow_run (org_id, external_id);
create index user_workflow_run_by_start on mainstem.user_workflow_run (org_id, started_at desc, run_id desc) where started_at is not null;
create index user_workflow_run_by_end on mainstem.user_workflow_run (org_id, ended_at desc, run_id desc) where ended_at is not null;
create index user_workflow_run_by_duration on mainstem.user_workflow_run (org_id, duration_ms desc, run_id desc) where duration_ms is not null;
create index user_workflow_run_by_legacy_id on mainstem.user_workflow_run (org_id, legacy_trace_id) where legacy_trace_id is not null;
