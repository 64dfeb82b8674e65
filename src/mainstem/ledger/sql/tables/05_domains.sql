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
