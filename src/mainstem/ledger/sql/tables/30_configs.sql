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
