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
