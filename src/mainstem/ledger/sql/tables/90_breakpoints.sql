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
