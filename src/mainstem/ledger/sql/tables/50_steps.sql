create table mainstem.user_workflow_run_step (
  step_id uuid not null,
  run_id uuid not null,
  node_id uuid,
  step_number integer not null,
  status mainstem.step_status not null default 'pending',
  retry_count integer not null default 0,
  started_at timestamptz,
  ended_at timestamptz,
  duration_ms bigint,
  input_data jsonb,
  output_data jsonb,
  screenshots jsonb not null default '[]',
  events jsonb not null default '[]',
  error_message text,
  error_details jsonb,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  legacy_step_id bigint,
  org_id uuid not null,
  node_key text,
  iteration integer not null default 1,
  primary key (run_id, step_number),
  constraint step_numbers_fit_in_three_bytes check (step_number between 1 and 16777215),
  constraint a_step_s_id_is_its_run_s_with_its_number check (step_id = mainstem.step_id(run_id, step_number)),
  constraint step_status_is_known check (
    status in ('pending', 'running', 'waiting', 'completed', 'failed', 'skipped', 'cancelled')),
  constraint ended_steps_have_an_end check (
    (status in ('completed', 'failed', 'skipped', 'cancelled')) = (ended_at is not null)),
  constraint failed_steps_say_why check (status <> 'failed' or error_message is not null),
  constraint steps_end_after_they_start check (ended_at >= started_at),
  constraint steps_belong_to_a_node check (node_id is not null or node_key is not null),
  constraint step_logs_are_lists check (jsonb_typeof(events) = 'array' and jsonb_typeof(screenshots) = 'array')
) partition by range (run_id);
comment on table mainstem.user_workflow_run_step is 'One row a step of a run, with its input, output, screenshots and events.';
comment on column mainstem.user_workflow_run_step.step_id is 'The run''s id with the step''s number in its last 24 bits. Look up by run_id = run_of($1) and step_number = step_number_of($1).';
comment on column mainstem.user_workflow_run_step.node_key is 'The node''s name in the program: the function of a code workflow, the key of a graph''s node.';
comment on column mainstem.user_workflow_run_step.iteration is 'The how-manieth call of this node in this branch of the run, from 1.';
comment on column mainstem.user_workflow_run_step.retry_count is 'Attempts after the first; what failed before stands in events.';
comment on column mainstem.user_workflow_run_step.events is 'Folded in from user_workflow_event when the step ends, in order: event_id, event_type, event_data, timestamp.';
comment on column mainstem.user_workflow_run_step.duration_ms is 'Milliseconds of the last attempt by one clock.';
comment on column mainstem.user_workflow_run_step.node_id is 'The node of the workflow''s graph; NULL in code workflows, which have node_key.';
comment on column mainstem.user_workflow_run_step.step_number is '1 to 16777215, in the order in which the steps began.';
comment on column mainstem.user_workflow_run_step.screenshots is 'What the step showed, in order, as it told.';
comment on column mainstem.user_workflow_run_step.error_details is 'type, code and traceback of the last attempt''s failure.';
comment on column mainstem.user_workflow_run_step.metadata is 'Yours, beside the ledger''s own wait, timed_out, signal_id, endpoints and legacy.';
comment on column mainstem.user_workflow_run_step.legacy_step_id is 'The bigint id this step had before it was consolidated.';
comment on column mainstem.user_workflow_run_step.org_id is 'The run''s, taken from the ledger and never from who writes the step.';

create index user_workflow_run_step_by_node on mainstem.user_workflow_run_step (node_id) where node_id is not null;
create index user_workflow_run_step_failed on mainstem.user_workflow_run_step (org_id, started_at desc) where status = 'failed';
create index user_workflow_run_step_approvals on mainstem.user_workflow_run_step (org_id, run_id, step_number)
  where status = 'waiting' and metadata -> 'wait' ->> 'kind' = 'approval';
create index user_workflow_run_step_by_legacy_id on mainstem.user_workflow_run_step (org_id, legacy_step_id) where legacy_step_id is not null;

create table mainstem.user_workflow_event (
  run_id uuid not null,
  step_number integer not null,
  event_id uuid not null default gen_random_uuid(),
  org_id uuid not null,
  event_type varchar(100) not null,
  event_data jsonb not null default '{}',
  occurred_at timestamptz not null default mainstem.clock(),
  primary key (run_id, step_number, event_id)
) partition by range (run_id);
comment on table mainstem.user_workflow_event is 'The log of what is still open, and of steps whose log is too long to fold (over 256 events or 256 KiB).';
comment on column mainstem.user_workflow_event.step_number is '0: an event of the run itself.';
comment on column mainstem.user_workflow_event.occurred_at is 'By the database''s clock, whenever it was written.';
