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
