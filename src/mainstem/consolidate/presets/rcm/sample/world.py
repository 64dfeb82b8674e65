"""The sample's ordinary rows: two organizations, their workflows, and runs that went as runs go.

Every id is fixed. `pg_temp.ago(interval)` is the sample's own clock: the moment that `install` was given.
"""

from __future__ import annotations

from typing import Final

ALDER: Final = "a1de0000-0000-4000-8000-000000000001"
BIRCH: Final = "b1c40000-0000-4000-8000-000000000002"

ANN: Final = "123e4567-e89b-12d3-a456-426614174001"
"""Of Alder; the user of the documentation's example."""
BEN: Final = "b1c40000-0000-4000-8000-0000000000b2"
"""Of Birch."""

INTAKE: Final = "123e4567-e89b-12d3-a456-426614174000"
"""Alder's claim intake; the workflow of the documentation's example."""
ELIGIBILITY: Final = "b1c40000-0000-4000-8000-000000000e11"
"""Birch's eligibility check."""

OPEN_PORTAL: Final = "a1de0000-0000-4000-8000-00000000a001"
READ_CLAIM: Final = "a1de0000-0000-4000-8000-00000000a002"
CHECK_MEMBER: Final = "a1de0000-0000-4000-8000-00000000a003"
DECIDE: Final = "a1de0000-0000-4000-8000-00000000a004"
ENTER_CLAIM: Final = "a1de0000-0000-4000-8000-00000000a005"
"""The copy of workflow_node 5 in Alder's claim intake."""
BIRCH_OPEN: Final = "b1c40000-0000-4000-8000-00000000b001"
BIRCH_CHECK: Final = "b1c40000-0000-4000-8000-00000000b003"
DELETED_NODE: Final = "dead0000-0000-4000-8000-00000000dead"
"""A node that is gone: only screenshots still name it."""

OPEN_TRACE: Final = 1001
OPEN_STEP: Final = 2001
"""The documentation's ids: a run that is active, its step 1 not begun, its step 2 running."""

DEFINITIONS: Final = f"""
insert into organization (org_id, name, created_at) values
  ('{ALDER}', 'Alder Health', '2023-11-06 08:00:00+00'),
  ('{BIRCH}', 'Birch Clinics', '2024-01-15 08:00:00+00');
insert into app_user (user_id, email, org_id, created_at) values
  ('{ANN}', 'ann@alder.test', '{ALDER}', '2023-11-06 09:00:00+00'),
  ('{BEN}', 'ben@birch.test', '{BIRCH}', '2024-01-15 09:00:00+00');
insert into user_workflow (workflow_id, org_id, name, description, created_at, updated_at) values
  ('{INTAKE}', '{ALDER}', 'Claim intake', 'From the portal to a decision', '2023-11-06 10:00:00+00', '2024-03-01 10:00:00+00'),
  ('{ELIGIBILITY}', '{BIRCH}', 'Eligibility', null, '2024-01-15 10:00:00+00', null);
insert into workflow_node (node_id, code, description, metadata, label_conf) values
  (1, 'open_portal', 'Open the payer''s portal', '{{"type": "start"}}', 1.00),
  (2, 'read_claim', 'Read the claim', '{{"type": "agent"}}', 0.97),
  (3, 'check_member', 'Look the member up', '{{"type": "action"}}', 0.90),
  (4, 'decide', 'Decide', '{{"type": "decision"}}', null),
  (5, 'enter_claim', 'Enter the claim', '{{"type": "action"}}', 0.88);
insert into user_workflow_node (node_id, workflow_id, label, description, metadata, label_conf, last_label_at, created_at) values
  ('{OPEN_PORTAL}', '{INTAKE}', 'open_portal', 'Open the payer''s portal', '{{"type": "entry"}}', 1.00, '2024-02-01 00:00:00+00', '2023-11-06 10:00:00+00'),
  ('{READ_CLAIM}', '{INTAKE}', 'read_claim', 'Read the claim',
   '{{"type": "general", "agent_type": "reader", "agent_config": {{"model": "small", "temperature": 0.10}}}}', 0.97, null, '2023-11-06 10:00:00+00'),
  ('{CHECK_MEMBER}', '{INTAKE}', 'check_member', 'Look the member up', '{{"type": "general", "agentType": "lookup", "agentLabel": "Lookup"}}',
   0.90, null, '2023-11-06 10:00:00+00'),
  ('{DECIDE}', '{INTAKE}', 'decide', 'Decide', '{{"type": "decision", "prevType": "decision"}}', null, null, '2023-11-06 10:00:00+00'),
  ('{ENTER_CLAIM}', '{INTAKE}', 'enter_claim', 'Enter the claim', '{{"type": "outcome", "prevType": "end"}}', 0.88, null, '2023-11-06 10:00:00+00'),
  ('{BIRCH_OPEN}', '{ELIGIBILITY}', 'open_portal', 'Open the payer''s portal', '{{"type": "entry", "prevType": "start"}}', 1.00, null, '2024-01-15 10:00:00+00'),
  ('{BIRCH_CHECK}', '{ELIGIBILITY}', 'check_member', null, '{{"type": "outcome", "errorType": "portal"}}', 0.90, null, '2024-01-15 10:00:00+00');
insert into user_workflow_transition (workflow_id, from_node, to_node, action_label, freq) values
  ('{INTAKE}', '{OPEN_PORTAL}', '{READ_CLAIM}', 'signed in', 41),
  ('{INTAKE}', '{READ_CLAIM}', '{CHECK_MEMBER}', 'read', 40),
  ('{INTAKE}', '{CHECK_MEMBER}', '{DECIDE}', 'found', 37),
  ('{INTAKE}', '{DECIDE}', '{ENTER_CLAIM}', 'approve', 30),
  ('{ELIGIBILITY}', '{BIRCH_OPEN}', '{BIRCH_CHECK}', 'signed in', 1);
insert into node_io_requirements (node_io_id, node_id, io_name, io_direction, data_type, is_required, default_value, validation_rules, created_at) values
  ('a1de0000-0000-4000-8000-000000010001', '{READ_CLAIM}', 'document', 'input', 'file', true, null, '{{"max_bytes": 1000000}}', '2024-02-01 00:00:00+00'),
  ('a1de0000-0000-4000-8000-000000010002', '{READ_CLAIM}', 'claim', 'output', 'object', true, null, null, '2024-02-01 00:00:00+00');
insert into workflow_data_bindings (binding_id, workflow_id, node_id, io_name, binding_type, binding_config, created_at, updated_at) values
  ('a1de0000-0000-4000-8000-000000011001', '{INTAKE}', '{CHECK_MEMBER}', 'member_id', 'node_output',
   '{{"node": "read_claim", "path": "claim.member_id"}}', '2024-02-01 00:00:00+00', null);
insert into workflow_configs (config_id, org_id, workflow_id, name, config_type, config_data, is_active, created_at, updated_at, created_by) values
  ('a1de0000-0000-4000-8000-00000000c001', '{ALDER}', '{INTAKE}', 'limits', 'workflow', '{{"limit": 500.00, "review": true}}', true,
   '2024-01-01 00:00:00+00', null, '{ANN}');
insert into channel_configs (channel_config_id, org_id, channel, name, config_data, is_active, created_at, updated_at, created_by) values
  ('a1de0000-0000-4000-8000-00000000d001', '{ALDER}', 'web', 'portal', '{{"timeout": 30}}', true, '2024-01-01 00:00:00+00', null, '{ANN}'),
  ('a1de0000-0000-4000-8000-00000000d002', '{ALDER}', 'efax', 'fax line', '{{"dpi": 200}}', false, '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00', '{ANN}');
insert into workflow_channel_configs
  (workflow_channel_config_id, workflow_id, channel, channel_config_id, webhook_url, is_enabled, priority, created_at, updated_at) values
  ('a1de0000-0000-4000-8000-00000000e001', '{INTAKE}', 'web', 'a1de0000-0000-4000-8000-00000000d001', 'https://alder.test/hook', true, 2,
   '2024-01-01 00:00:00+00', null);
insert into config_status (status_id, org_id, config_type, entity_id, active_config_id, activated_at, activated_by) values
  ('a1de0000-0000-4000-8000-00000000f001', '{ALDER}', 'workflow', '{INTAKE}', 'a1de0000-0000-4000-8000-00000000c001',
   '2024-01-02 00:00:00+00', '{ANN}');
"""

RUNS: Final = f"""
insert into workflow_trace
  (trace_id, workflow_id, channel, external_id, status, config_snapshot, start_time, end_time, duration_ms, error_message, created_at, created_by) values
  ({OPEN_TRACE}, '{INTAKE}', 'web', 'EXT-1001', 'active', '{{"config": "data"}}', pg_temp.ago('1 hour'), null, null, null, pg_temp.ago('1 hour'), '{ANN}'),
  (1002, '{INTAKE}', 'web', 'EXT-1002', 'completed', '{{"limit": 500.00}}', pg_temp.ago('2 days'), pg_temp.ago('2 days') + interval '90.250 s', 90250, null,
   pg_temp.ago('2 days'), '{ANN}'),
  (1003, '{INTAKE}', 'voice', 'CALL-3', 'failed', null, pg_temp.ago('3 days'), pg_temp.ago('3 days') + interval '12 s', 12000, 'the portal did not answer',
   pg_temp.ago('3 days'), '{ANN}'),
  (1004, '{INTAKE}', 'efax', null, 'cancelled', null, pg_temp.ago('20 days'), pg_temp.ago('20 days') + interval '3 s', 3000, 'the sender asked for it',
   pg_temp.ago('20 days'), '{ANN}'),
  (1005, '{INTAKE}', 'web', 'EXT-1005', 'completed', null, pg_temp.ago('9 days'), pg_temp.ago('9 days') + interval '30 s', 30000, null, pg_temp.ago('9 days'), '{ANN}'),
  (1006, '{ELIGIBILITY}', 'web', 'M-88', 'completed', null, pg_temp.ago('5 days'), pg_temp.ago('5 days') + interval '4 s', 4000, null, pg_temp.ago('5 days'), '{BEN}'),
  (1007, '{ELIGIBILITY}', 'web', 'M-89', 'pending', null, null, null, null, null, pg_temp.ago('2 hours'), '{BEN}');
insert into workflow_steps
  (step_id, trace_id, node_id, step_number, status, input_data, output_data, error_message, start_time, end_time, duration_ms, retry_count, metadata) values
  ({OPEN_STEP}, {OPEN_TRACE}, '{READ_CLAIM}', 2, 'running', '{{"page": 1}}', null, null, pg_temp.ago('50 minutes'), null, null, 0, '{{}}'),
  (2002, 1002, '{OPEN_PORTAL}', 1, 'completed', '{{"portal": "payer"}}', '{{"signed_in": true}}', null,
   pg_temp.ago('2 days'), pg_temp.ago('2 days') + interval '10 s', 10000, 0, '{{"worker": "w1"}}'),
  (2003, 1002, '{READ_CLAIM}', 2, 'completed', '{{"page": 1}}', '{{"amount": 125.50}}', null,
   pg_temp.ago('2 days') + interval '10 s', pg_temp.ago('2 days') + interval '60 s', 50000, 0, null),
  (2004, 1002, '{DECIDE}', 3, 'completed', null, '{{"decision": "approve"}}', null,
   pg_temp.ago('2 days') + interval '60 s', pg_temp.ago('2 days') + interval '90.250 s', 30250, 0, '{{}}'),
  (2005, 1003, '{OPEN_PORTAL}', 1, 'failed', '{{"portal": "payer"}}', null, 'the portal did not answer',
   pg_temp.ago('3 days'), pg_temp.ago('3 days') + interval '12 s', 12000, 0, '{{}}'),
  (2006, 1005, '{OPEN_PORTAL}', 1, 'completed', null, null, null, pg_temp.ago('9 days'), pg_temp.ago('9 days') + interval '20 s', 20000, 0, null),
  (2007, 1005, '{CHECK_MEMBER}', 2, 'skipped', null, null, null, pg_temp.ago('9 days') + interval '20 s', pg_temp.ago('9 days') + interval '30 s', 10000, 0, null),
  (2008, 1006, '{BIRCH_OPEN}', 1, 'completed', null, '{{"signed_in": true}}', null, pg_temp.ago('5 days'), pg_temp.ago('5 days') + interval '1 s', 1000, 0, '{{}}'),
  (2009, 1006, '{BIRCH_CHECK}', 2, 'completed', '{{"member": "88"}}', '{{"active": true}}', null,
   pg_temp.ago('5 days') + interval '1 s', pg_temp.ago('5 days') + interval '4 s', 3000, 0, '{{}}');
insert into workflow_trace_context (context_id, trace_id, key, value, created_at, updated_at) values
  (4001, {OPEN_TRACE}, 'member', '{{"id": "A-17"}}', pg_temp.ago('55 minutes'), null),
  (4002, 1002, 'member', '{{"id": "A-18"}}', pg_temp.ago('2 days') + interval '5 s', pg_temp.ago('2 days') + interval '40 s'),
  (4003, 1002, 'amount', '125.50', pg_temp.ago('2 days') + interval '60 s', null),
  (4004, 1006, 'member', '"88"', pg_temp.ago('5 days'), null);
insert into workflow_events (event_id, trace_id, step_id, event_type, event_data, timestamp) values
  (3001, {OPEN_TRACE}, null, 'workflow_started', '{{"workflow_id": "{INTAKE}", "channel": "web", "external_id": "EXT-1001"}}', pg_temp.ago('1 hour')),
  (3002, {OPEN_TRACE}, {OPEN_STEP}, 'step_started', '{{"node_id": "{READ_CLAIM}", "step_number": 2}}', pg_temp.ago('50 minutes')),
  (3003, 1002, null, 'workflow_started', '{{"workflow_id": "{INTAKE}", "channel": "web", "external_id": "EXT-1002"}}', pg_temp.ago('2 days')),
  (3004, 1002, 2002, 'step_started', '{{"node_id": "{OPEN_PORTAL}", "step_number": 1}}', pg_temp.ago('2 days')),
  (3005, 1002, 2002, 'step_completed', '{{"status": "completed", "duration_ms": 10000, "error_message": null}}', pg_temp.ago('2 days') + interval '10 s'),
  (3006, 1002, 2003, 'step_started', '{{"node_id": "{READ_CLAIM}", "step_number": 2}}', pg_temp.ago('2 days') + interval '10 s'),
  (3007, 1002, 2003, 'page_read', '{{"page": 1}}', pg_temp.ago('2 days') + interval '30 s'),
  (3008, 1002, 2003, 'step_completed', '{{"status": "completed", "duration_ms": 50000, "error_message": null}}', pg_temp.ago('2 days') + interval '60 s'),
  (3009, 1002, null, 'workflow_completed', '{{"status": "completed", "duration_ms": 90250, "error_message": null}}', pg_temp.ago('2 days') + interval '90.250 s'),
  (3010, 1003, 2005, 'step_completed', '{{"status": "failed", "duration_ms": 12000, "error_message": "the portal did not answer"}}', pg_temp.ago('3 days') + interval '12 s'),
  (3011, 1003, null, 'workflow_completed', '{{"status": "failed", "duration_ms": 12000, "error_message": "the portal did not answer"}}', pg_temp.ago('3 days') + interval '12 s'),
  (3012, 1006, null, 'workflow_started', '{{"workflow_id": "{ELIGIBILITY}", "channel": "web", "external_id": "M-88"}}', pg_temp.ago('5 days'));
insert into workflow_trace_screenshot
  (screenshot_id, trace_id, step_id, node_id, node_name, screenshot_path, screenshot_s3_key, screenshot_url, metadata, created_at) values
  (5001, 1002, 2002, '{OPEN_PORTAL}', 'open_portal', 'shots/1002/1.png', 'shots/1002/1.png', null, '{{"width": 1280}}', pg_temp.ago('2 days') + interval '9 s'),
  (5002, 1002, 2003, '{READ_CLAIM}', 'read_claim', 'shots/1002/2.png', null, 'https://alder.test/2.png', null, pg_temp.ago('2 days') + interval '20 s'),
  (5003, 1002, 2003, '{READ_CLAIM}', 'read_claim', 'shots/1002/3.png', null, null, '{{}}', pg_temp.ago('2 days') + interval '50 s');
"""
