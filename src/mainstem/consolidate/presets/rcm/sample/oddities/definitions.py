"""Odd definitions: organizations, users, workflows, nodes, bindings, and the four tables of configs."""

from __future__ import annotations

from mainstem.consolidate.presets.rcm.sample.oddities.oddity import Oddity
from mainstem.consolidate.presets.rcm.sample.world import (
    ALDER,
    ANN,
    BEN,
    BIRCH,
    BIRCH_OPEN,
    CHECK_MEMBER,
    ELIGIBILITY,
    INTAKE,
    OPEN_PORTAL,
    READ_CLAIM,
)

NOBODYS = "90b0d500-0000-4000-8000-000000000001"
"""A workflow without an organization, with a run."""
SECOND_INTAKE = "a1de0000-0000-4000-8000-0000000000a2"
"""Alder's other workflow of the name Claim intake."""


def _config(number: str, org: str, workflow: str, name: str, rest: str) -> str:
    """Rest as: type, data, is_active."""
    return (
        "insert into workflow_configs (config_id, org_id, workflow_id, name, config_type, config_data, is_active, created_at, created_by)"
        f" values ('a1de0000-0000-4000-8000-00000000{number}', '{org}', {workflow}, '{name}', {rest}, '2024-02-01 00:00:00+00', '{ANN}');\n"
    )


def _status(number: str, org: str, config_type: str, entity: str, config: str) -> str:
    return (
        "insert into config_status (status_id, org_id, config_type, entity_id, active_config_id, activated_at, activated_by)"
        f" values ('a1de0000-0000-4000-8000-00000000{number}', '{org}', '{config_type}', {entity}, {config}, '2024-02-02 00:00:00+00', '{BEN}');\n"
    )


def _id(number: str) -> str:
    return f"'a1de0000-0000-4000-8000-00000000{number}'"


WORKFLOWS = (
    Oddity(
        "workflow_without_organization",
        "org_id may be NULL, and the workflow has runs: somebody's",
        f"insert into user_workflow (workflow_id, org_id, name, created_at) values ('{NOBODYS}', null, 'Intake of nobody', null);"
        f"insert into workflow_trace (trace_id, workflow_id, channel, status, start_time, end_time, duration_ms, created_at, created_by) values"
        f" (1401, '{NOBODYS}', 'web', 'completed', '2024-08-01 10:00:00+00', '2024-08-01 10:00:01+00', 1000, '2024-08-01 10:00:00+00', '{ANN}');",
        "select t.trace_id from workflow_trace t join user_workflow w using (workflow_id) where w.org_id is null",
    ),
    Oddity(
        "workflow_of_the_same_name",
        "two of one name in one organization; one of them once more in another",
        f"insert into user_workflow (workflow_id, org_id, name, created_at) values ('{SECOND_INTAKE}', '{ALDER}', 'Claim intake', '2024-02-01 00:00:00+00'),"
        f" ('b1c40000-0000-4000-8000-0000000000b1', '{BIRCH}', 'Claim intake', '2024-02-01 00:00:00+00');",
        "select org_id, name from user_workflow group by org_id, name having count(*) > 1",
    ),
    Oddity(
        "workflow_with_odd_texts",
        "a name of 255 characters, an empty description, no created_at",
        f"insert into user_workflow (workflow_id, org_id, name, description, created_at) values"
        f" ('a1de0000-0000-4000-8000-0000000000a3', '{ALDER}', repeat('n', 254) || 'é', '', null);",
        "select workflow_id from user_workflow where length(name) = 255 and created_at is null and description = ''",
    ),
    Oddity(
        "user_without_organization",
        "org_id may be NULL; the user started a run",
        "insert into app_user (user_id, email, org_id, created_at) values ('0a000000-0000-4000-8000-000000000001', 'root@nowhere.test', null, null);"
        "insert into workflow_trace (trace_id, workflow_id, channel, status, start_time, end_time, duration_ms, created_at, created_by) values"
        f" (1402, '{INTAKE}', 'web', 'completed', '2024-08-02 10:00:00+00', '2024-08-02 10:00:01+00', 1000, '2024-08-02 10:00:00+00',"
        " '0a000000-0000-4000-8000-000000000001');",
        "select user_id from app_user u where org_id is null and exists (select from workflow_trace where created_by = u.user_id)",
    ),
    Oddity(
        "users_of_one_address",
        "email was never unique: the same in another case, and the same in another organization",
        f"insert into app_user (user_id, email, org_id, created_at) values ('0a000000-0000-4000-8000-000000000002', 'Ann@Alder.test', '{ALDER}', '2024-02-01 00:00:00+00'),"
        f" ('0a000000-0000-4000-8000-000000000003', 'ann@alder.test', '{BIRCH}', '2024-02-01 00:00:00+00');",
        "select org_id, lower(email) from app_user group by org_id, lower(email) having count(*) > 1",
    ),
    Oddity(
        "organizations_of_one_name",
        "told apart only by their ids; one has no created_at",
        "insert into organization (org_id, name, created_at) values ('0c000000-0000-4000-8000-000000000001', 'Alder Health', null);",
        "select name from organization group by name having count(*) > 1",
    ),
)

NODES = (
    Oddity(
        "node_with_odd_metadata",
        "SQL NULL, JSON null, a list; labels that are empty or there twice",
        "insert into user_workflow_node (node_id, workflow_id, label, metadata, label_conf, created_at) values"
        f" ('a1de0000-0000-4000-8000-00000000a011', '{SECOND_INTAKE}', '', null, 0.00, null),"
        f" ('a1de0000-0000-4000-8000-00000000a012', '{SECOND_INTAKE}', 'open_portal', 'null', 1.00, '2024-02-01 00:00:00+00'),"
        f" ('a1de0000-0000-4000-8000-00000000a013', '{SECOND_INTAKE}', 'open_portal', '[]', 9.99, '2024-02-01 00:00:00+00');",
        "select workflow_id, label from user_workflow_node where exists (select from user_workflow_node where metadata is null)"
        " and exists (select from user_workflow_node where metadata = 'null') group by workflow_id, label having count(*) > 1",
    ),
    Oddity(
        "node_type_of_two_vocabularies",
        "start, end, action, agent, error before; entry, outcome, general after; decision in both; agent_type and agentType",
        "insert into user_workflow_node (node_id, workflow_id, label, metadata, created_at)"
        " select ('a1de0000-0000-4000-8000-00000000a02' || place)::uuid, "
        f"'{SECOND_INTAKE}', 'legacy ' || type, jsonb_build_object('type', type), '2024-02-01 00:00:00+00'"
        " from unnest(array['start', 'end', 'action', 'agent', 'error', 'decision']) with ordinality as t (type, place);",
        "select node_id from user_workflow_node where metadata ->> 'type' = 'start'"
        " and exists (select from user_workflow_node where metadata ? 'agent_type') and exists (select from user_workflow_node where metadata ? 'agentType')",
    ),
    Oddity(
        "workflow_node_without_code",
        "code may be NULL; another code is no node's label any more",
        "insert into workflow_node (node_id, code, description) values (6, null, 'Nameless'), (7, 'retired', null);",
        "select node_id from workflow_node where code is null and exists"
        " (select from workflow_node w where not exists (select from user_workflow_node n where n.label = w.code))",
    ),
    Oddity(
        "transition_of_another_workflow",
        "the nodes it joins are another workflow's; one leads back to itself, one was never taken",
        f"insert into user_workflow_transition (workflow_id, from_node, to_node, action_label, freq) values"
        f" ('{SECOND_INTAKE}', '{OPEN_PORTAL}', '{BIRCH_OPEN}', 'strange', 1), ('{INTAKE}', '{READ_CLAIM}', '{READ_CLAIM}', '', 0),"
        f" ('{INTAKE}', '{READ_CLAIM}', '{READ_CLAIM}', 'again', -1);",
        "select action_label from user_workflow_transition t join user_workflow_node n on n.node_id = t.from_node where n.workflow_id <> t.workflow_id",
    ),
    Oddity(
        "requirement_of_any_type",
        "data_type was checked by a trigger or by nobody; JSON null as a default; is_required NULL",
        "insert into node_io_requirements (node_io_id, node_id, io_name, io_direction, data_type, is_required, default_value, created_at) values"
        f" ('a1de0000-0000-4000-8000-000000010011', '{CHECK_MEMBER}', 'member_id', 'input', 'varchar', null, 'null', null),"
        f" ('a1de0000-0000-4000-8000-000000010012', '{CHECK_MEMBER}', 'member_id', 'output', 'string', false, '\"\"', '2024-02-01 00:00:00+00');",
        "select node_io_id from node_io_requirements where data_type not in ('string', 'number', 'boolean', 'object', 'array', 'date', 'file')"
        " and is_required is null and default_value = 'null'",
    ),
    Oddity(
        "binding_to_a_node_of_another_workflow",
        "no key holds the two together",
        "insert into workflow_data_bindings (binding_id, workflow_id, node_id, io_name, binding_type, binding_config, created_at) values"
        f" ('a1de0000-0000-4000-8000-000000011011', '{INTAKE}', '{BIRCH_OPEN}', '', 'magic', 'null', null);",
        "select binding_id from workflow_data_bindings b join user_workflow_node n using (node_id) where n.workflow_id <> b.workflow_id",
    ),
)

CONFIGS = (
    Oddity(
        "config_flagged_but_never_activated",
        "is_active is a flag: nobody ever activated it, and the view shows it all the same",
        _config("c101", ALDER, f"'{INTAKE}'", "flagged", "'workflow', '{}', true"),
        "select config_id from workflow_configs c where is_active and not exists (select from config_status where active_config_id = c.config_id)",
    ),
    Oddity(
        "config_activated_for_two_entities",
        "one config, two workflows: the view shows it twice",
        _config("c102", ALDER, f"'{INTAKE}'", "two", "'workflow', '{\"for\": \"both\"}', true")
        + _status("f102", ALDER, "workflow", f"'{SECOND_INTAKE}'", _id("c102"))
        + _status("f103", ALDER, "workflow", f"'{NOBODYS}'", _id("c102")),
        "select active_config_id from config_status group by active_config_id having active_config_id is not null and count(*) > 1",
    ),
    Oddity(
        "config_twice_without_workflow",
        "NULL is not equal to NULL: the unique key holds none of these apart",
        _config("c104", ALDER, "null", "house rules", "'global', '{\"v\": 1}', true")
        + _config("c105", ALDER, "null", "house rules", "'global', '{\"v\": 2}', true"),
        "select org_id, name, config_type from workflow_configs where workflow_id is null group by org_id, name, config_type having count(*) > 1",
    ),
    Oddity(
        "config_active_but_gone",
        "active_config_id has no foreign key",
        _status("f104", BIRCH, "workflow", f"'{ELIGIBILITY}'", "'dead0000-0000-4000-8000-00000000c0f1'"),
        "select status_id from config_status s where active_config_id is not null and not exists"
        " (select from workflow_configs where config_id = s.active_config_id)"
        " and not exists (select from channel_configs where channel_config_id = s.active_config_id)",
    ),
    Oddity(
        "config_status_of_nothing",
        "active_config_id NULL, and entity_id NULL twice",
        _status("f105", BIRCH, "global", "null", "null") + _status("f106", BIRCH, "global", "null", "null"),
        "select org_id from config_status where entity_id is null and active_config_id is null group by org_id, config_type having count(*) > 1",
    ),
    Oddity(
        "config_for_everything",
        "active for no entity: get_active_workflow_config never gives it",
        _config("c106", BIRCH, "null", "defaults", "'global', '{\"retries\": 2}', true")
        + _status("f107", ALDER, "global", "null", _id("c104")),
        "select config_id from workflow_configs join config_status on active_config_id = config_id where entity_id is null",
    ),
    Oddity(
        "config_active_but_not_flagged",
        "activated, and switched off by the flag",
        _config("c107", ALDER, f"'{SECOND_INTAKE}'", "off", "'workflow', '{}', false")
        + _status("f108", ALDER, "channel", f"'{SECOND_INTAKE}'", _id("c107")),
        "select config_id from workflow_configs join config_status on active_config_id = config_id where not is_active",
    ),
    Oddity(
        "config_of_a_type_that_does_not_fit",
        "of type workflow without one, of type global or channel with one; activated as another type than its own",
        _config("c108", ALDER, "null", "whose", "'workflow', '{}', true")
        + _config("c109", ALDER, f"'{INTAKE}'", "all", "'global', '{}', true")
        + _config("c110", ALDER, f"'{INTAKE}'", "web", "'channel', '{}', true"),
        "select config_id from workflow_configs where (config_type = 'workflow') <> (workflow_id is not null)",
    ),
    Oddity(
        "config_that_is_no_object",
        "JSON null, a list, a text",
        _config("c111", ALDER, f"'{INTAKE}'", "null", "'workflow', 'null', false")
        + _config("c112", ALDER, f"'{INTAKE}'", "list", "'workflow', '[]', false"),
        "select config_id from workflow_configs where jsonb_typeof(config_data) <> 'object'",
    ),
    Oddity(
        "config_of_a_workflow_of_another_organization",
        "config and workflow have no organization in common; the same of an activation",
        _config("c113", BIRCH, f"'{INTAKE}'", "foreign", "'workflow', '{}', false")
        + _status("f109", BIRCH, "workflow", f"'{INTAKE}'", _id("c001")),
        "select config_id from workflow_configs c join user_workflow w using (workflow_id) where w.org_id <> c.org_id",
    ),
    Oddity(
        "channel_config_activated",
        "active_config_id may mean a row of either table",
        _status("f110", ALDER, "channel", _id("d001"), _id("d001")),
        "select status_id from config_status join channel_configs on channel_config_id = active_config_id",
    ),
    Oddity(
        "channel_of_a_workflow_without_config",
        "no channel config, switched off, the same priority twice, an empty webhook, a negative priority",
        "insert into workflow_channel_configs (workflow_channel_config_id, workflow_id, channel, channel_config_id, webhook_url, is_enabled, priority, created_at) values"
        f" ('a1de0000-0000-4000-8000-00000000e011', '{INTAKE}', 'voice', null, null, false, 2, '2024-02-01 00:00:00+00'),"
        f" ('a1de0000-0000-4000-8000-00000000e012', '{INTAKE}', 'efax', {_id('d002')}, '', true, -1, '2024-02-01 00:00:00+00'),"
        f" ('a1de0000-0000-4000-8000-00000000e013', '{ELIGIBILITY}', 'web', {_id('d001')}, null, true, 1, '2024-02-01 00:00:00+00'),"
        f" ('a1de0000-0000-4000-8000-00000000e014', '{NOBODYS}', 'web', null, null, true, 1, '2024-02-01 00:00:00+00');",
        "select workflow_channel_config_id from workflow_channel_configs where channel_config_id is null and not is_enabled"
        " and exists (select from workflow_channel_configs where webhook_url = '')",
    ),
)

DEFINITIONS = WORKFLOWS + NODES + CONFIGS
