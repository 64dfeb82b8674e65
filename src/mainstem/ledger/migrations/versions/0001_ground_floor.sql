create or replace function mainstem.clock() returns timestamptz
language sql volatile parallel safe
return clock_timestamp();
comment on function mainstem.clock() is 'The only clock: the database''s own, moving within a transaction. No client sends a time.';
-- What CHECKs and partition bounds stand on, hence before the tables. One expression each and no SET clause:
-- the planner inlines them and prunes by their result.
create or replace function mainstem.run_of(step_id uuid) returns uuid
language sql immutable strict parallel safe
return encode(overlay(uuid_send(step_id) placing '\x000000'::bytea from 14), 'hex')::uuid;
comment on function mainstem.run_of(uuid) is 'The run that a step''s id (or a run''s own) belongs to: its last 24 bits cleared.';

create or replace function mainstem.step_id(run_id uuid, step_number integer) returns uuid
language sql immutable strict parallel safe
return encode(overlay(uuid_send(run_id) placing substring(int4send(step_number) from 2) from 14), 'hex')::uuid;
comment on function mainstem.step_id(uuid, integer) is 'The id of a run''s step: the run''s id with the number (1 to 16777215) in its last 24 bits.';

create or replace function mainstem.step_number_of(step_id uuid) returns integer
language sql immutable strict parallel safe
return ('x00' || right(step_id::text, 6))::bit(32)::integer;
comment on function mainstem.step_number_of(uuid) is 'The step''s number in its id; 0 for a run''s id.';

create or replace function mainstem.first_id_at(at timestamptz) returns uuid
language sql immutable strict parallel safe
return encode(
  substring(int8send(least(greatest(floor(extract(epoch from at) * 1000), 0), 281474976710655)::bigint) from 3)
  || '\x00000000000000000000'::bytea, 'hex')::uuid;
comment on function mainstem.first_id_at(timestamptz) is 'The lower bound of all ids minted at this millisecond or later: a bound of partitions and of time ranges. Times before 1970 give the first id, those after 10889 the last.';

create or replace function mainstem.new_run_id(at timestamptz default clock_timestamp()) returns uuid
language sql volatile parallel safe
return encode(
  set_bit(set_bit(  -- bits 52 and 53 turn gen_random_uuid's version 4 into a 7
    overlay(
      overlay(uuid_send(gen_random_uuid()) placing substring(uuid_send(mainstem.first_id_at(at)) for 6) from 1)
      placing '\x000000'::bytea from 14),
    52, 1), 53, 1),
  'hex')::uuid;
comment on function mainstem.new_run_id(timestamptz) is 'A new run id of this time: UUIDv7 (RFC 9562 section 5.7) with its last 24 bits zero.';
create or replace function mainstem.current_org() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.current_org_id', true), '')::uuid;  -- after a SET LOCAL the setting is '', which is no uuid
comment on function mainstem.current_org() is 'The tenant of this transaction: the setting app.current_org_id; NULL when it is missing or empty.';

create or replace function mainstem.org_of_login() returns uuid
language plpgsql stable security definer parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_has_role(session_user, 'mainstem_tenant', 'member') or pg_has_role(session_user, 'mainstem_app', 'member') then
    return null;
  end if;
  return coalesce((select org_id from mainstem.tenant_login where login = session_user), '00000000-0000-0000-0000-000000000000');
end $$;
comment on function mainstem.org_of_login() is 'The tenant that this login is held to: by session_user, which SET ROLE and SET do not change. NULL for a server''s login, which is held to none; the nil uuid, and so no rows, for a member of mainstem_tenant without a row in tenant_login.';
-- A domain only says the shape: which channels an organization has is a table, which states a run has a CHECK of its table.
-- The length is apart: as {0,62} in the expression it takes ten times as long, at every write.
create domain mainstem.workflow_channel as text
  constraint channels_are_short_lower_case_words check (value ~ '^[a-z][a-z0-9_-]*$' and octet_length(value) <= 63);
create domain mainstem.step_status as text
  constraint step_states_are_short_lower_case_words check (value ~ '^[a-z][a-z0-9_-]*$' and octet_length(value) <= 63);
create domain mainstem.trace_status as text
  constraint run_states_are_short_lower_case_words check (value ~ '^[a-z][a-z0-9_-]*$' and octet_length(value) <= 63);
create domain mainstem.config_type as text
  constraint config_types_are_short_lower_case_words check (value ~ '^[a-z][a-z0-9_-]*$' and octet_length(value) <= 63);
comment on domain mainstem.workflow_channel is 'The way a run came in: web, voice, efax, and what user_workflow_channel adds.';
comment on domain mainstem.step_status is 'pending, running, waiting, completed, failed, skipped, cancelled';
comment on domain mainstem.trace_status is 'pending, running, waiting, paused, completed, failed, cancelled, timeout';
comment on domain mainstem.config_type is 'workflow, channel, global, workflow_channel';
create table mainstem.organization (
  org_id uuid not null default gen_random_uuid(),
  name text not null,
  retention_days integer,
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id),
  constraint retention_is_at_least_a_day check (retention_days >= 1)
);
comment on table mainstem.organization is 'Tenants. One exists after installation; who has one tenant never names it.';
comment on column mainstem.organization.retention_days is 'Runs that ended longer ago may go with their whole partition; NULL keeps them until cleanup_old_execution_data is called.';

create table mainstem.app_user (
  org_id uuid not null references mainstem.organization,
  user_id uuid not null default gen_random_uuid(),
  email text,
  display_name text,
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id, user_id)
);
comment on table mainstem.app_user is 'People and services that start runs and activate configs.';
create unique index one_user_for_an_email on mainstem.app_user (org_id, lower(email));

create table mainstem.user_api_key (
  org_id uuid not null references mainstem.organization,
  key_id uuid not null default gen_random_uuid(),
  user_id uuid,
  name text not null,
  prefix text not null,
  key_hash bytea not null,
  role text not null default 'viewer',
  created_at timestamptz not null default mainstem.clock(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (org_id, key_id),
  constraint key_role_is_known check (role in ('viewer', 'operator', 'admin')),
  foreign key (org_id, user_id) references mainstem.app_user
);
comment on table mainstem.user_api_key is 'API keys: a prefix to recognise them by and a hash to check them with, never the key.';
comment on column mainstem.user_api_key.prefix is 'The first characters of the key: to recognise it by in a list.';
comment on column mainstem.user_api_key.key_hash is 'What a presented key is checked with; the key itself is shown once and never stored.';
comment on column mainstem.user_api_key.role is 'viewer reads; operator starts runs and asks things of them too; admin does everything.';
comment on column mainstem.user_api_key.last_used_at is 'To the minute: written at most once in one.';
create unique index one_key_for_a_hash on mainstem.user_api_key (org_id, key_hash);
create index user_api_key_by_hash on mainstem.user_api_key (key_hash);

create table mainstem.user_workflow_channel (
  org_id uuid not null references mainstem.organization,
  channel mainstem.workflow_channel not null,
  description text,
  created_at timestamptz not null default mainstem.clock(),
  primary key (org_id, channel)
);
comment on table mainstem.user_workflow_channel is 'Which channels an organization has: web, voice and efax from the start. A new one is a row, not a migration.';

create table mainstem.tenant_login (
  login name not null,
  org_id uuid not null references mainstem.organization,
  created_at timestamptz not null default mainstem.clock(),
  primary key (login)
);
comment on table mainstem.tenant_login is 'Database logins of people with SQL of their own, each held to one tenant whatever it sets.';
comment on column mainstem.tenant_login.login is 'The name that the login has in pg_roles; a member of mainstem_tenant.';

create table mainstem.user_workflow_audit (
  org_id uuid not null references mainstem.organization,
  audit_id uuid not null default gen_random_uuid(),
  at timestamptz not null default mainstem.clock(),
  actor text not null,
  key_id uuid,
  user_id uuid,
  action text not null,
  target text not null,
  details jsonb not null default '{}',
  request_id text,
  primary key (org_id, audit_id),
  constraint audit_details_are_an_object check (jsonb_typeof(details) = 'object')
);
comment on table mainstem.user_workflow_audit is 'Who changed what through a server: written in the transaction of the change, and never changed by a tenant.';
comment on column mainstem.user_workflow_audit.audit_id is 'Random: in the order of at.';
comment on column mainstem.user_workflow_audit.actor is 'As the caller was known then: its key''s prefix, or that nobody asked for a key.';
comment on column mainstem.user_workflow_audit.key_id is 'No foreign key: the trail outlives what it names.';
comment on column mainstem.user_workflow_audit.action is 'Resource and verb: keys.create, runs.cancel.';
comment on column mainstem.user_workflow_audit.target is 'The id or name of what was changed.';
comment on column mainstem.user_workflow_audit.details is 'What was asked, without secrets.';
comment on column mainstem.user_workflow_audit.request_id is 'As in the server''s log and in the answer''s header.';
create index user_workflow_audit_latest on mainstem.user_workflow_audit (org_id, at desc, audit_id desc);
create index user_workflow_audit_by_time on mainstem.user_workflow_audit using brin (at);
create table mainstem.user_workflow (
  org_id uuid not null references mainstem.organization,
  workflow_id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  description text,
  status text not null default 'active',
  graph_config jsonb,
  version integer not null default 1,
  draft_state jsonb,
  draft_updated_at timestamptz,
  created_at timestamptz not null default mainstem.clock(),
  created_by uuid,
  updated_at timestamptz not null default mainstem.clock(),
  active_version integer,
  input_schema jsonb,
  code_version integer,
  primary key (org_id, workflow_id),
  constraint a_workflow_s_name_is_its_own unique (org_id, name),
  constraint workflow_status_is_known check (status in ('draft', 'active', 'paused', 'archived')),
  foreign key (org_id, created_by) references mainstem.app_user
);
comment on table mainstem.user_workflow is 'Workflow definitions: a graph, or code that a worker registers under this name.';
create index user_workflow_paused on mainstem.user_workflow (org_id, workflow_id) where status = 'paused';
comment on column mainstem.user_workflow.version is 'Optimistic lock of the definition: a writer names the version it read.';
comment on column mainstem.user_workflow.draft_state is 'The graph being edited, not yet published.';
comment on column mainstem.user_workflow.graph_config is 'The active version''s graph; NULL for a workflow of code.';
comment on column mainstem.user_workflow.active_version is 'The published version that new runs begin with; NULL for a workflow of code.';
comment on column mainstem.user_workflow.input_schema is 'The JSON Schema of the arguments of a workflow of code, as whoever has the code entered it; NULL: not known.';
comment on column mainstem.user_workflow.code_version is 'The version of a workflow of code, as whoever had the code last entered it; NULL: not known.';

create table mainstem.user_workflow_version (
  org_id uuid not null,
  workflow_id uuid not null,
  version integer not null,
  graph_config jsonb,
  checksum text not null,
  published_at timestamptz not null default mainstem.clock(),
  published_by uuid,
  activated_at timestamptz,
  activated_by uuid,
  replaced_version integer,
  primary key (org_id, workflow_id, version),
  foreign key (org_id, workflow_id) references mainstem.user_workflow,
  foreign key (org_id, published_by) references mainstem.app_user
);
comment on table mainstem.user_workflow_version is 'Published definitions; a run keeps the one it began with.';
comment on column mainstem.user_workflow_version.checksum is 'Digest of graph_config: the same graph is published once.';
comment on column mainstem.user_workflow_version.replaced_version is 'The version that was active before this one was last activated: what rolling back goes to.';

create table mainstem.user_workflow_node (
  org_id uuid not null,
  node_id uuid not null default gen_random_uuid(),
  workflow_id uuid not null,
  label text not null,
  description text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id, node_id),
  foreign key (org_id, workflow_id) references mainstem.user_workflow
);
comment on table mainstem.user_workflow_node is 'Nodes of a workflow''s graph.';
comment on column mainstem.user_workflow_node.metadata is 'type (entry, decision, outcome, general), kind, agent_type, agent_config, requirements, bindings.';
comment on column mainstem.user_workflow_node.label is 'What people read; the views show it as node_code.';
create index user_workflow_node_by_workflow on mainstem.user_workflow_node (org_id, workflow_id);

create table mainstem.user_workflow_transition (
  org_id uuid not null,
  workflow_id uuid not null,
  from_node uuid not null,
  to_node uuid not null,
  action_label text not null,
  condition text,
  freq integer not null default 1,
  primary key (org_id, workflow_id, from_node, to_node, action_label),
  foreign key (org_id, workflow_id) references mainstem.user_workflow,
  foreign key (org_id, from_node) references mainstem.user_workflow_node,
  foreign key (org_id, to_node) references mainstem.user_workflow_node
);
comment on table mainstem.user_workflow_transition is 'Edges of a workflow''s graph.';
comment on column mainstem.user_workflow_transition.action_label is 'Which outcome of the node leads this way.';
comment on column mainstem.user_workflow_transition.condition is 'An expression over the run that must hold as well; NULL: none.';
comment on column mainstem.user_workflow_transition.freq is 'How often this way was taken, as far as somebody counted.';

create table mainstem.user_workflow_template (
  org_id uuid not null references mainstem.organization,
  template_id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  description text,
  graph_config jsonb not null,
  created_at timestamptz not null default mainstem.clock(),
  created_by uuid,
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id, template_id),
  constraint a_template_s_name_is_its_own unique (org_id, name),
  foreign key (org_id, created_by) references mainstem.app_user
);
comment on table mainstem.user_workflow_template is 'Graphs to begin a workflow from.';
create table mainstem.user_workflow_config (
  org_id uuid not null references mainstem.organization,
  config_id uuid not null default gen_random_uuid(),
  config_type mainstem.config_type not null,
  workflow_id uuid,
  channel mainstem.workflow_channel,
  name varchar(255) not null default 'default',
  version integer not null default 1,
  config_data jsonb not null,
  is_active boolean not null default false,
  is_enabled boolean not null default true,
  priority integer not null default 1,
  webhook_url text,
  created_at timestamptz not null default mainstem.clock(),
  created_by uuid,
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id, config_id),
  foreign key (org_id, workflow_id) references mainstem.user_workflow,
  foreign key (org_id, channel) references mainstem.user_workflow_channel,
  foreign key (org_id, created_by) references mainstem.app_user,
  constraint config_data_is_an_object check (jsonb_typeof(config_data) = 'object'),
  constraint a_config_names_what_its_type_scopes check (
    case config_type
      when 'global' then workflow_id is null and channel is null
      when 'channel' then workflow_id is null and channel is not null
      when 'workflow' then workflow_id is not null and channel is null
      when 'workflow_channel' then workflow_id is not null and channel is not null
      else false
    end),
  constraint a_config_s_version_is_its_own unique nulls not distinct (org_id, config_type, workflow_id, channel, name, version)
);
comment on table mainstem.user_workflow_config is 'Configs of an organization, a channel, a workflow, or a workflow in a channel: versioned, one active for each.';
comment on column mainstem.user_workflow_config.is_active is 'Set by activate_workflow_config, which leaves a trail in user_workflow_config_activation.';
comment on column mainstem.user_workflow_config.is_enabled is 'An active config that is not enabled applies to nothing.';
comment on column mainstem.user_workflow_config.version is 'Counts up within one scope and name; an old version is activated again, not edited.';
comment on column mainstem.user_workflow_config.config_data is 'Merged key by key over the scopes above it by resolve_workflow_config.';
comment on column mainstem.user_workflow_config.priority is 'Of several that fit, get_active_workflow_config gives the highest.';
comment on column mainstem.user_workflow_config.webhook_url is 'Where the channel''s results are sent, for channels that have such a place.';
create unique index one_active_config_for_each_scope on mainstem.user_workflow_config
  (org_id, config_type, workflow_id, channel) nulls not distinct where is_active;

create table mainstem.user_workflow_config_activation (
  org_id uuid not null,
  activation_id uuid not null default gen_random_uuid(),
  config_id uuid not null,
  config_type mainstem.config_type not null,
  workflow_id uuid,
  channel mainstem.workflow_channel,
  replaced_config_id uuid,
  activated_at timestamptz not null default mainstem.clock(),
  activated_by uuid,
  primary key (org_id, activation_id),
  foreign key (org_id, config_id) references mainstem.user_workflow_config,
  foreign key (org_id, activated_by) references mainstem.app_user
);
comment on table mainstem.user_workflow_config_activation is 'The trail: which config began to apply to which entity, when, by whom, in place of which.';
comment on column mainstem.user_workflow_config_activation.replaced_config_id is 'The config that applied to this scope before; NULL for the first.';
create index user_workflow_config_activation_by_config on mainstem.user_workflow_config_activation (org_id, config_id, activated_at desc);
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
create table mainstem.user_workflow_run_queue (
  run_id uuid not null,
  org_id uuid not null,
  queue text not null default 'default',
  state text not null default 'ready',
  priority integer not null default 0,
  due_at timestamptz not null default mainstem.clock(),
  waiting_for text[] not null default '{}',
  signals integer not null default 0,
  cancel_requested_at timestamptz,
  cancel_reason text,
  worker_id uuid,
  epoch integer not null default 0,
  attempt integer not null default 0,
  concurrency_key text,
  deadline_at timestamptz,
  primary key (run_id),
  constraint queue_state_is_known check (state in ('ready', 'waiting', 'owned', 'paused')),
  constraint owned_runs_have_an_owner check ((state = 'owned') = (worker_id is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
comment on table mainstem.user_workflow_run_queue is 'One narrow row for every engine run that is not over: who owns it, what it waits for, what was asked of it. Rebuilt by rebuild_workflow_queue().';
comment on column mainstem.user_workflow_run_queue.due_at is 'When a ready run became ready, never a time past (claims move a lower bound); when a waiting one is looked at, ''infinity'' for never.';
comment on column mainstem.user_workflow_run_queue.epoch is 'Raised by every claim: a write of an earlier claim, even by the same worker, is refused.';
comment on column mainstem.user_workflow_run_queue.attempt is 'How often in a row a worker was lost while it owned the run, and no step had ended meanwhile: the third time the run pauses as poison.';
comment on column mainstem.user_workflow_run_queue.deadline_at is 'When the run times out, by its workflow''s timeout from its first start; NULL: never, or not known before a worker has claimed it.';
comment on column mainstem.user_workflow_run_queue.state is 'ready (to be claimed), waiting (for due_at or a signal), owned (by worker_id), paused (the run, or its workflow).';
comment on column mainstem.user_workflow_run_queue.priority is 'The run''s: a higher one is claimed first.';
comment on column mainstem.user_workflow_run_queue.waiting_for is 'Names of the signals that wake the run.';
comment on column mainstem.user_workflow_run_queue.signals is 'How many signals lie in user_workflow_signal for it: its owner looks when there are some.';
comment on column mainstem.user_workflow_run_queue.cancel_requested_at is 'Asked of the owner, who ends the run; a run without one is cancelled at once.';
comment on column mainstem.user_workflow_run_queue.worker_id is 'The incarnation that owns the run and alone writes it; NULL: nobody.';
comment on column mainstem.user_workflow_run_queue.concurrency_key is 'Runs of a queue with the same key share its limit per key.';
create index queue_ready on mainstem.user_workflow_run_queue (queue, priority desc, due_at) where state = 'ready';
create index queue_ready_by_key on mainstem.user_workflow_run_queue (queue, concurrency_key, priority desc, due_at)
  where state = 'ready' and concurrency_key is not null;
create index queue_waiting on mainstem.user_workflow_run_queue (due_at) where state = 'waiting';
create index queue_owned on mainstem.user_workflow_run_queue (worker_id) where state = 'owned';
create index queue_deadlines on mainstem.user_workflow_run_queue (deadline_at) where deadline_at is not null;

create table mainstem.user_workflow_worker (
  worker_id uuid not null,
  host text not null,
  pid integer not null,
  capabilities jsonb not null default '{}',
  ttl interval not null default '15 seconds',
  started_at timestamptz not null default mainstem.clock(),
  heartbeat_at timestamptz not null default mainstem.clock(),
  reaped_at timestamptz,
  backend_pid integer,
  backend_start timestamptz,
  primary key (worker_id),
  constraint a_lease_lasts_a_while check (ttl >= '1 second')
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
comment on table mainstem.user_workflow_worker is 'One row for each start of a worker process. A lease belongs to the incarnation, not to the host.';
comment on column mainstem.user_workflow_worker.reaped_at is 'Set when the incarnation left, or was silent for longer than its ttl: it writes nothing any more.';
comment on column mainstem.user_workflow_worker.backend_pid is 'The backend of its recorder: ended by a reaper that finds this row locked by a silent worker.';
comment on column mainstem.user_workflow_worker.worker_id is 'Fresh at every start of a process.';
comment on column mainstem.user_workflow_worker.capabilities is 'Which workflows and queues it takes, and how many runs at once.';
comment on column mainstem.user_workflow_worker.ttl is 'How long it may be silent before it is reaped.';
comment on column mainstem.user_workflow_worker.backend_start is 'With backend_pid names one backend, as the server gives pids again.';

create table mainstem.user_workflow_signal (
  run_id uuid not null,
  signal_id uuid not null default gen_random_uuid(),
  org_id uuid not null,
  name text not null,
  payload jsonb,
  sent_at timestamptz not null default mainstem.clock(),
  sent_by uuid,
  primary key (run_id, signal_id)
);
comment on table mainstem.user_workflow_signal is 'Signals that a run has not taken yet; taken ones are the output of the step that waited.';

create table mainstem.user_workflow_run_context (
  run_id uuid not null,
  key varchar(255) not null,
  value jsonb not null,
  org_id uuid not null,
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (run_id, key),
  constraint context_keys_have_a_name check (key <> '')
) with (autovacuum_vacuum_scale_factor = 0.05);
comment on table mainstem.user_workflow_run_context is 'Context of runs that are not over; folded into the run when it ends.';

create table mainstem.user_workflow_idempotency (
  org_id uuid not null,
  workflow_id uuid not null,
  key text not null,
  run_id uuid not null,
  request_digest bytea not null,
  created_at timestamptz not null default mainstem.clock(),
  expires_at timestamptz not null,
  primary key (org_id, workflow_id, key)
);
comment on table mainstem.user_workflow_idempotency is 'Which run an idempotency key began. Not partitioned, as the key knows no run; swept by expires_at.';
comment on column mainstem.user_workflow_idempotency.request_digest is 'Digest of the request; another one under the same key is a conflict.';
create index user_workflow_idempotency_by_expiry on mainstem.user_workflow_idempotency (expires_at);

create table mainstem.user_workflow_change (
  org_id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  change_id uuid not null default gen_random_uuid(),
  at timestamptz not null default mainstem.clock(),
  run_ids uuid[] not null,
  step_numbers integer[] not null,
  states text[] not null,
  worker_id uuid,
  flush bigint,
  primary key (org_id, xid, change_id)
);
comment on table mainstem.user_workflow_change is 'What changed, a row for each flush and tenant, kept for hours: read with a cursor of (xid, change_id) below pg_snapshot_xmin, so that nothing is missed behind an older open transaction.';
comment on column mainstem.user_workflow_change.step_numbers is '0 stands for the run itself; the three arrays go together.';
comment on column mainstem.user_workflow_change.flush is 'With worker_id the receipt of a flush: a recorder that lost the answer asks again and is told what was recorded.';
comment on column mainstem.user_workflow_change.xid is 'The writing transaction: readers take what lies below the oldest that is still open.';
comment on column mainstem.user_workflow_change.states is 'The new state of each.';
create index user_workflow_change_receipts on mainstem.user_workflow_change (worker_id, flush) where worker_id is not null;
create index user_workflow_change_by_time on mainstem.user_workflow_change using brin (at);
create table mainstem.user_workflow_leaf (
  lower timestamptz not null,
  upper timestamptz not null,
  suffix text not null,
  created_at timestamptz not null default mainstem.clock(),
  sealed_at timestamptz,
  retired_at timestamptz,
  primary key (lower),
  constraint leaves_end_after_they_begin check (lower < upper),
  constraint leaves_do_not_overlap exclude using gist (tstzrange(lower, upper) with &&)
);
comment on table mainstem.user_workflow_leaf is 'The partitions of runs, steps and events: the same bounds and the same suffix for all three.';
comment on column mainstem.user_workflow_leaf.sealed_at is 'When the leaf got its foreign keys, GIN indexes and unique step_id. It still takes late steps.';
comment on column mainstem.user_workflow_leaf.retired_at is 'When cleanup found it wholly due for every tenant; maintenance detaches and drops it.';
comment on column mainstem.user_workflow_leaf.suffix is 'The end of the three partitions'' names.';

create table mainstem.schema_info (
  only_row boolean not null default true,
  installed_code integer not null,
  min_code integer not null,
  max_code integer not null,
  server_major integer not null,
  fingerprint jsonb not null,
  installed_at timestamptz not null default mainstem.clock(),
  primary key (only_row),
  constraint there_is_only_one_row check (only_row),
  constraint code_numbers_are_in_order check (min_code <= installed_code and installed_code <= max_code)
);
comment on table mainstem.schema_info is 'Which code numbers work on this schema, and the definition of every object as it was installed.';
comment on column mainstem.schema_info.installed_code is 'The number of the code that installed it.';
comment on column mainstem.schema_info.min_code is 'The oldest code that works on it.';
comment on column mainstem.schema_info.max_code is 'The newest code that works on it without an upgrade.';
comment on column mainstem.schema_info.server_major is 'PostgreSQL''s major version at the installation: another one words definitions in other ways.';
comment on column mainstem.schema_info.fingerprint is 'Object to definition, as installed: what `mainstem db check` compares.';
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
create table mainstem.user_workflow_breakpoint (
  org_id uuid not null references mainstem.organization,
  breakpoint_id uuid not null default gen_random_uuid(),
  workflow varchar(255),
  run_id uuid,
  node_key text,
  condition text,
  one_shot boolean not null default false,
  is_enabled boolean not null default true,
  hits integer not null default 0,
  last_hit_at timestamptz,
  created_at timestamptz not null default mainstem.clock(),
  created_by text,
  primary key (org_id, breakpoint_id),
  constraint a_breakpoint_says_where check (workflow is not null or run_id is not null)
);
comment on table mainstem.user_workflow_breakpoint is 'Where runs pause before a step begins, until somebody lets them go on. Workers learn of a change at once, and look now and then.';
comment on column mainstem.user_workflow_breakpoint.workflow is 'By its name: it may have no run yet. NULL: of the run''s own.';
comment on column mainstem.user_workflow_breakpoint.run_id is 'Only this run; NULL: every run of the workflow.';
comment on column mainstem.user_workflow_breakpoint.node_key is 'The step''s name, or the node''s key; NULL: whichever comes next.';
comment on column mainstem.user_workflow_breakpoint.condition is 'A comparison of the step''s input, the run''s input or the call''s count: input.amount > 1000 and call = 1. NULL: always.';
comment on column mainstem.user_workflow_breakpoint.one_shot is 'Switched off by its first hit.';
comment on column mainstem.user_workflow_breakpoint.breakpoint_id is 'Random: lists are in its order.';
comment on column mainstem.user_workflow_breakpoint.is_enabled is 'False: it stops nobody, and is kept.';
comment on column mainstem.user_workflow_breakpoint.hits is 'How many runs it stopped.';
comment on column mainstem.user_workflow_breakpoint.last_hit_at is 'When it stopped the last one.';
create index user_workflow_breakpoint_enabled on mainstem.user_workflow_breakpoint (org_id) where is_enabled;

create table mainstem.user_workflow_schedule (
  org_id uuid not null references mainstem.organization,
  schedule_id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  workflow_id uuid not null,
  cron text,
  every interval,
  once_at timestamptz,
  zone text not null default 'UTC',
  input_data jsonb not null default '{}',
  time_argument text,
  channel mainstem.workflow_channel not null default 'web',
  workflow_version integer not null default 0,
  queue text not null default 'default',
  priority integer not null default 0,
  missed text not null default 'once',
  missed_window interval not null default '1 day',
  overlap text not null default 'skip',
  is_paused boolean not null default false,
  next_at timestamptz,
  look_at timestamptz,
  last_at timestamptz,
  last_run_id uuid,
  created_at timestamptz not null default mainstem.clock(),
  created_by uuid,
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id, schedule_id),
  constraint a_schedule_s_name_is_its_own unique (org_id, name),
  constraint a_schedule_comes_round_in_one_way check (num_nonnulls(cron, every, once_at) = 1),
  constraint a_schedule_s_interval_is_at_least_a_second check (every >= '1 second'),
  constraint missed_policy_is_known check (missed in ('skip', 'once', 'all')),
  constraint overlap_policy_is_known check (overlap in ('allow', 'skip', 'queue', 'cancel')),
  constraint scheduled_input_is_an_object check (jsonb_typeof(input_data) = 'object'),
  foreign key (org_id, workflow_id) references mainstem.user_workflow,
  foreign key (org_id, channel) references mainstem.user_workflow_channel,
  foreign key (org_id, created_by) references mainstem.app_user
);
comment on table mainstem.user_workflow_schedule is 'When which workflow is started by itself. Workers fire what is due; each time it comes round has a row in user_workflow_schedule_firing.';
comment on column mainstem.user_workflow_schedule.cron is 'Minute, hour, day, month, weekday, as Debian''s cron reads them, in zone; or every, or once_at.';
comment on column mainstem.user_workflow_schedule.every is 'The time between two ticks, counted from 1970-01-01 UTC.';
comment on column mainstem.user_workflow_schedule.once_at is 'The one moment of a schedule that comes once.';
comment on column mainstem.user_workflow_schedule.zone is 'The time zone of cron, by its IANA name.';
comment on column mainstem.user_workflow_schedule.time_argument is 'The argument of the workflow that gets the time it was scheduled for; NULL: none.';
comment on column mainstem.user_workflow_schedule.workflow_version is 'What its runs begin with; 0: the version that is active then.';
comment on column mainstem.user_workflow_schedule.priority is 'Of its runs: a higher one is claimed first.';
comment on column mainstem.user_workflow_schedule.missed is 'Of the times that nobody was there for: skip them, once for the latest, all that lie within missed_window.';
comment on column mainstem.user_workflow_schedule.missed_window is 'How long ago a missed time may lie to be made up for, where missed is all.';
comment on column mainstem.user_workflow_schedule.overlap is 'While the run before is not over: allow another, skip this time, queue it until then, or cancel the one before.';
comment on column mainstem.user_workflow_schedule.is_paused is 'It fires nothing, and what comes round meanwhile is not made up for.';
comment on column mainstem.user_workflow_schedule.next_at is 'When it comes round next; NULL: never again.';
comment on column mainstem.user_workflow_schedule.look_at is 'When a worker looks at it: at next_at, or sooner while a time is queued; NULL while it is paused or over.';
comment on column mainstem.user_workflow_schedule.last_at is 'The latest time that it came round, whatever became of it.';
comment on column mainstem.user_workflow_schedule.last_run_id is 'The latest run that it began by itself: the one before, to the overlap policy.';
create index user_workflow_schedule_due on mainstem.user_workflow_schedule (look_at) where look_at is not null;

create table mainstem.user_workflow_schedule_firing (
  org_id uuid not null,
  schedule_id uuid not null,
  scheduled_for timestamptz not null,
  outcome text not null,
  reason text,
  ticks integer not null default 1,
  run_id uuid,
  fired_at timestamptz not null default mainstem.clock(),
  primary key (org_id, schedule_id, scheduled_for),
  constraint firing_outcome_is_known check (outcome in ('started', 'queued', 'skipped')),
  constraint started_firings_have_a_run check ((outcome = 'started') = (run_id is not null)),
  constraint skipped_firings_say_why check (outcome <> 'skipped' or reason is not null),
  foreign key (org_id, schedule_id) references mainstem.user_workflow_schedule on delete cascade
);
comment on table mainstem.user_workflow_schedule_firing is 'What became of each time that a schedule came round: the primary key makes it one firing, however many workers there are.';
comment on column mainstem.user_workflow_schedule_firing.scheduled_for is 'The time that it came round for, whenever that was noticed.';
comment on column mainstem.user_workflow_schedule_firing.outcome is 'started (run_id), queued (until the run before is over), skipped (reason).';
comment on column mainstem.user_workflow_schedule_firing.reason is 'Why it was skipped: missed, overlap, queue full; or that it was backfilled.';
comment on column mainstem.user_workflow_schedule_firing.ticks is 'How many missed times this row stands for: it is the last of them.';
comment on column mainstem.user_workflow_schedule_firing.fired_at is 'When that was decided.';
create index user_workflow_schedule_firing_queued on mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for) where outcome = 'queued';

create table mainstem.user_workflow_queue (
  queue text not null,
  max_running integer,
  per_key_running integer,
  rate_count integer,
  rate_per interval,
  tokens double precision not null default 0,
  tokens_at timestamptz not null default mainstem.clock(),
  paused_at timestamptz,
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (queue),
  constraint queue_names_are_short check (queue <> '' and octet_length(queue) <= 255),
  constraint queues_let_something_run check (max_running >= 0 and per_key_running >= 1),
  constraint a_rate_is_a_count_in_a_time check (
    num_nonnulls(rate_count, rate_per) in (0, 2) and (rate_count is null or rate_count >= 1 and rate_per >= '1 millisecond'))
);
comment on table mainstem.user_workflow_queue is 'Queues that ask for limits, or are paused; one without a row has neither, and is claimed from without a lock. A queue is a pool of workers, which serve every tenant: its limits are the installation''s and no tenant''s.';
comment on column mainstem.user_workflow_queue.max_running is 'Runs of the queue that workers own at once; NULL: any number.';
comment on column mainstem.user_workflow_queue.per_key_running is 'Runs with the same concurrency_key that workers own at once.';
comment on column mainstem.user_workflow_queue.rate_count is 'Runs that begin in rate_per, as a token bucket of this size.';
comment on column mainstem.user_workflow_queue.rate_per is 'The time in which the bucket fills.';
comment on column mainstem.user_workflow_queue.tokens is 'What was in the bucket at tokens_at.';
comment on column mainstem.user_workflow_queue.tokens_at is 'When the bucket was last looked into, by the database''s clock.';
comment on column mainstem.user_workflow_queue.paused_at is 'Since when nothing is claimed from it; NULL: it is not paused.';

create table mainstem.user_workflow_step_cache (
  org_id uuid not null references mainstem.organization,
  cache_key text not null,
  workflow text not null,
  step text not null,
  label text not null,
  run_id uuid not null,
  step_number integer not null,
  epoch integer,
  output_data jsonb,
  created_at timestamptz not null default mainstem.clock(),
  expires_at timestamptz not null,
  primary key (org_id, cache_key),
  constraint a_cached_result_is_there_or_being_made check ((epoch is null) = (output_data is not null))
);
comment on table mainstem.user_workflow_step_cache is 'Results of steps that ask for a cache, by what they were made of. A row without a result is the lease of the run that makes it: others wait for it.';
comment on column mainstem.user_workflow_step_cache.cache_key is 'Digest of the step, its version and what of its input counts, in hexadecimal.';
comment on column mainstem.user_workflow_step_cache.workflow is 'The workflow whose run made it.';
comment on column mainstem.user_workflow_step_cache.step is 'The step''s name.';
comment on column mainstem.user_workflow_step_cache.label is 'How what it was made of begins, for people.';
comment on column mainstem.user_workflow_step_cache.step_number is 'With run_id the step that made it, or makes it.';
comment on column mainstem.user_workflow_step_cache.epoch is 'While it is made: the claim of its run; whoever holds that no more has no lease either. NULL: it is there.';
create index user_workflow_step_cache_by_expiry on mainstem.user_workflow_step_cache (expires_at);
create index user_workflow_step_cache_latest on mainstem.user_workflow_step_cache (org_id, created_at desc, cache_key desc);
