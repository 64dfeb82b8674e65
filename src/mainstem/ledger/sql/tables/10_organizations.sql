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
