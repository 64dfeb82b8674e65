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
