"""What old code says to the tables that were consolidated, one statement a line, and what of it is answered otherwise afterwards."""

from __future__ import annotations

W = "'123e4567-e89b-12d3-a456-426614174000'::uuid"
U = "'123e4567-e89b-12d3-a456-426614174001'::uuid"
ORG = "'a1de0000-0000-4000-8000-000000000001'::uuid"
NOBODY = "'00000000-0000-4000-8000-000000000404'::uuid"

STATEMENTS = f"""
select start_workflow_execution({W}, 'voice', 'X-1', '{{"a": 1.00}}', {U})
select start_workflow_execution({W}, 'voice', null, null, {U})
select start_workflow_execution({NOBODY}, 'web', 'x', null, {U})
select start_workflow_execution({W}, 'web', 'x', null, {NOBODY})
select start_workflow_execution({W}, null, 'x', null, {U})
select start_workflow_execution({W}, 'web', 'x', null, null)
select complete_workflow_execution(1001, 'completed')
select complete_workflow_execution(1001, 'failed', 'again')
select complete_workflow_execution(1001, 'pending')
select complete_workflow_execution(1001, 'active')
select complete_workflow_execution(1003, 'cancelled', 'x')
select complete_workflow_execution(10001, 'failed')
select complete_workflow_execution(10101, 'timeout', 'late')
select complete_workflow_execution(404, 'completed')
select complete_workflow_execution(1007, 'completed')
select complete_workflow_execution(1002, null)
select complete_workflow_step(2001, 'completed', '{{"o": null}}')
select complete_workflow_step(2001, 'failed', null, 'no')
select complete_workflow_step(2001, 'pending')
select complete_workflow_step(2002, 'skipped')
select complete_workflow_step(2101, 'completed')
select complete_workflow_step(404, 'completed')
select retry_workflow_step(2005)
select retry_workflow_step(2005, '{{"p": 2}}')
select retry_workflow_step(2003)
select retry_workflow_step(2110)
select retry_workflow_step(404)
select set_workflow_context(1001, 'a.b "c"', '1.00')
select set_workflow_context(1001, 'only once', '1')
select set_workflow_context(1001, '', '1')
select complete_workflow_execution(1001, 'completed')
select set_workflow_context(1001, 'after all', '1')
select set_workflow_context(1002, 'member', '[]')
select set_workflow_context(1002, '', '{{}}')
select set_workflow_context(1002, 'n', null)
select set_workflow_context(1002, null, '1')
select set_workflow_context(404, 'x', '1')
select set_workflow_context(1002, repeat('k', 256), '1')
select key, value, created_at, updated_at::text from get_workflow_context(1301) order by key
select key, value from get_workflow_context(1002, 'member')
select * from get_workflow_context(404)
select * from get_workflow_context(null)
select get_active_workflow_config({ORG}, {W}, 'workflow')
select get_active_workflow_config({ORG}, 'a1de0000-0000-4000-8000-0000000000a2', 'workflow')
select get_active_workflow_config({ORG}, {W}, 'global')
update workflow_steps set step_number = 1 where step_id = 2001
update workflow_steps set step_number = 2 where step_id = 2002
update workflow_steps set node_id = null where step_id = 2002
insert into workflow_steps (trace_id, node_id, step_number) values (1002, 'a1de0000-0000-4000-8000-00000000a001', 1)
insert into workflow_steps (trace_id, node_id, step_number) values (1002, {NOBODY}, 9)
insert into workflow_steps (trace_id, node_id, step_number) values (404, 'a1de0000-0000-4000-8000-00000000a001', 9)
insert into workflow_trace (trace_id, workflow_id, channel, created_by) values (1002, {W}, 'web', {U})
insert into workflow_events (trace_id, step_id, event_type, event_data) values (1002, 404, 'x', '1')
insert into workflow_events (trace_id, event_type, event_data) values (1002, repeat('e', 101), '1')
insert into workflow_events (event_id, trace_id, event_type, event_data) values (3003, 1002, 'dup', '1')
insert into workflow_events (trace_id, step_id, event_type, event_data) values (1003, 2002, 'foreign', '1') returning event_id
insert into workflow_trace_context (trace_id, key, value) values (1002, 'amount', '1')
insert into workflow_trace_screenshot (screenshot_id, trace_id, node_id, screenshot_path) values (5001, 1002, {W}, 'x')
update workflow_steps set trace_id = 1003 where step_id = 2007
update workflow_trace set trace_id = 77 where trace_id = 1005
update workflow_steps set step_id = 78 where step_id = 2009
delete from workflow_steps where step_id = 2003
delete from workflow_steps where step_id = 404
update workflow_trace set channel = 'fax' where trace_id = 1002
update workflow_trace set config_snapshot = '"x"', channel = 'efax', end_time = 'infinity' where trace_id = 1002
update workflow_trace set created_by = 'b1c40000-0000-4000-8000-0000000000b2' where trace_id = 1002
update workflow_trace set start_time = null, duration_ms = 2147483647 where trace_id = 1002
update workflow_trace set workflow_id = 'b1c40000-0000-4000-8000-000000000e11' where trace_id = 1006
update workflow_trace set workflow_id = 'b1c40000-0000-4000-8000-000000000e11' where trace_id = 1114
update workflow_steps set metadata = '[]', input_data = 'null' where step_id = 2132
update workflow_steps set step_number = -3 where step_id = 2004
update workflow_events set event_type = event_type || '!', timestamp = null where trace_id = 1301
update workflow_trace_context set value = 'null' where trace_id = 1301
update workflow_trace_context set key = key || '.' where trace_id = 1002
update workflow_trace_screenshot set metadata = null, step_id = null where trace_id = 1301
delete from workflow_trace where trace_id = 1131
delete from workflow_trace where status = 'timeout'
delete from workflow_events where step_id = 2006 and event_id % 2 = 0
select (cleanup_old_execution_data(3650)).*
select (cleanup_old_execution_data(400)).*
insert into workflow_configs (config_id, org_id, workflow_id, name, config_type, config_data, created_by) values ('cf000000-0000-4000-8000-000000000001', {ORG}, {W}, 'new', 'workflow', '{{"n": 1}}', {U})
insert into workflow_configs (org_id, workflow_id, name, config_type, config_data, created_by) values ({ORG}, {W}, 'new', 'workflow', '{{}}', {U})
insert into workflow_configs (org_id, workflow_id, name, config_type, config_data, created_by) values ({ORG}, {NOBODY}, 'new', 'workflow', '{{}}', {U})
insert into workflow_configs (org_id, workflow_id, name, config_type, config_data) values ({ORG}, {W}, 'nobody''s', 'workflow', '{{}}')
insert into workflow_configs (config_id, org_id, name, config_type, config_data, created_by) values ('cf000000-0000-4000-8000-000000000002', {ORG}, 'house rules', 'global', '[1]', {U}) returning config_id
insert into config_status (status_id, org_id, config_type, entity_id, active_config_id, activated_by) values ('cf000000-0000-4000-8000-00000000000f', {ORG}, 'workflow', {W}, 'cf000000-0000-4000-8000-000000000001', {U})
update config_status set active_config_id = 'cf000000-0000-4000-8000-000000000001' where org_id = {ORG} and entity_id = {W} and config_type = 'workflow'
select get_active_workflow_config({ORG}, {W}, 'workflow')
update workflow_configs set config_data = config_data || '{{"n": 2}}', updated_at = now() where config_id = 'cf000000-0000-4000-8000-000000000001'
select get_active_workflow_config({ORG}, {W}, 'workflow')
update workflow_configs set is_active = false where config_id = 'cf000000-0000-4000-8000-000000000001'
select get_active_workflow_config({ORG}, {W}, 'workflow')
update workflow_configs set config_data = '"text"', is_active = true, config_type = 'channel' where config_id = 'cf000000-0000-4000-8000-000000000001'
select get_active_workflow_config({ORG}, {W}, 'workflow')
update config_status set active_config_id = 'cf000000-0000-4000-8000-00000000000a' where org_id = {ORG} and entity_id = {W} and config_type = 'workflow'
select get_active_workflow_config({ORG}, {W}, 'workflow')
insert into workflow_configs (config_id, org_id, workflow_id, name, config_type, config_data, created_by) values ('cf000000-0000-4000-8000-00000000000a', {ORG}, {W}, 'late', 'workflow', '{{"late": true}}', {U})
select get_active_workflow_config({ORG}, {W}, 'workflow')
delete from workflow_configs where config_id = 'cf000000-0000-4000-8000-00000000000a'
select get_active_workflow_config({ORG}, {W}, 'workflow')
update config_status set active_config_id = null where org_id = 'b1c40000-0000-4000-8000-000000000001'
update config_status set entity_id = null where active_config_id is null
delete from config_status where entity_id is null and active_config_id is null
update workflow_configs set config_id = 'cf000000-0000-4000-8000-000000000003' where config_id = 'cf000000-0000-4000-8000-000000000002'
update workflow_configs set workflow_id = 'a1de0000-0000-4000-8000-0000000000a2', name = 'moved' where name = 'limits'
update workflow_configs set org_id = 'b1c40000-0000-4000-8000-000000000001' where name = 'flagged'
update workflow_configs set name = 'two' where name = 'list'
update workflow_configs set created_by = 'b1c40000-0000-4000-8000-0000000000b2' where name = 'two'
insert into channel_configs (channel_config_id, org_id, channel, name, config_data, created_by) values ('cf000000-0000-4000-8000-00000000000d', {ORG}, 'efax', 'line', '{{"n": 1}}', {U})
insert into channel_configs (org_id, channel, name, config_data, created_by) values ({ORG}, 'efax', 'line', '{{}}', {U})
update workflow_channel_configs set channel_config_id = 'cf000000-0000-4000-8000-00000000000d', priority = priority + 1, webhook_url = 'https://hook.test' where channel = 'efax'
update workflow_channel_configs set channel_config_id = {NOBODY} where channel = 'efax'
insert into workflow_channel_configs (workflow_id, channel) values ({W}, 'web')
update workflow_channel_configs set is_enabled = not is_enabled
delete from channel_configs where channel_config_id = 'cf000000-0000-4000-8000-00000000000d'
delete from channel_configs
delete from workflow_channel_configs where priority < 2
select c.name, s.activated_at from workflow_configs c join config_status s on s.active_config_id = c.config_id order by 1, 2
delete from user_workflow where workflow_id = 'a1de0000-0000-4000-8000-0000000000a2'
insert into user_workflow (workflow_id, org_id, name) values ('cf000000-0000-4000-8000-000000000010', {ORG}, 'short')
insert into workflow_configs (org_id, workflow_id, name, config_type, config_data, created_by, config_id) values ({ORG}, 'cf000000-0000-4000-8000-000000000010', 'c', 'workflow', '{{}}', {U}, 'cf000000-0000-4000-8000-000000000011')
insert into workflow_channel_configs (workflow_id, channel, workflow_channel_config_id) values ('cf000000-0000-4000-8000-000000000010', 'web', 'cf000000-0000-4000-8000-000000000012')
delete from user_workflow where workflow_id = 'cf000000-0000-4000-8000-000000000010'
delete from workflow_configs where not is_active
delete from config_status where config_type = 'global'
select trace_id, lag(trace_id) over (order by trace_id) from workflow_trace order by 1
""".strip().splitlines()

DIFFERENT = {
    "insert into workflow_trace_screenshot (screenshot_id, trace_id, node_id, screenshot_path)"
    f" values (5001, 1002, {W}, 'x')": "an id that is in a list already is taken again",
    "update workflow_trace set trace_id = 77 where trace_id = 1005": "the children go along, where they were in the way",
    "update workflow_steps set step_id = 78 where step_id = 2009": "a step's key does not change",
}
"""Statement to why: the fixed list of what the views answer otherwise."""
