-- The other shape that screenshots had: node ids are numbers, and a step is meant by its number in the run.
create table workflow_trace_screenshot_v9 (
  screenshot_id uuid primary key default gen_random_uuid(),
  org_id uuid not null references organization (org_id) on delete cascade,
  trace_id bigint not null references workflow_trace (trace_id) on delete cascade,
  node_id integer not null,
  node_name varchar(255) not null,
  step_index integer not null,
  screenshot_url text not null,
  thumbnail_url text,
  action_description text not null,
  element_selector text,
  screenshot_metadata jsonb,
  created_at timestamptz not null default now()
);
create index idx_workflow_trace_screenshot_v9_trace on workflow_trace_screenshot_v9 (trace_id, step_index);
