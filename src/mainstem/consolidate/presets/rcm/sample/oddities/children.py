"""Odd children: events, context and screenshots."""

from __future__ import annotations

from mainstem.consolidate.presets.rcm.sample.oddities.oddity import Oddity
from mainstem.consolidate.presets.rcm.sample.world import (
    ALDER,
    ANN,
    CHECK_MEMBER,
    DELETED_NODE,
    INTAKE,
    OPEN_PORTAL,
    READ_CLAIM,
)

RUN = 1301
"""The run that has the odd children; its steps are 2201 and 2202."""

_OWN_RUN = (
    "insert into workflow_trace (trace_id, workflow_id, channel, status, start_time, created_at, created_by)"
    f" values ({RUN}, '{INTAKE}', 'voice', 'active', '2024-07-01 10:00:00+00', '2024-07-01 10:00:00+00', '{ANN}');\n"
    "insert into workflow_steps (step_id, trace_id, node_id, step_number, status, start_time) values\n"
    f"(2201, {RUN}, '{OPEN_PORTAL}', 1, 'running', '2024-07-01 10:00:00+00'),\n"
    f"(2202, {RUN}, '{READ_CLAIM}', 2, 'running', '2024-07-01 10:00:01+00');\n"
)


def _events(*rows: str) -> str:
    """Rows as: id, step, type, data, time."""
    return "".join(
        f"insert into workflow_events (trace_id, event_id, step_id, event_type, event_data, timestamp) values ({RUN}, {row});\n"
        for row in rows
    )


def _context(*rows: str) -> str:
    """Rows as: id, key, value, created, updated."""
    return "".join(
        f"insert into workflow_trace_context (trace_id, context_id, key, value, created_at, updated_at) values ({RUN}, {row});\n"
        for row in rows
    )


def _screenshots(*rows: str) -> str:
    """Rows as: id, step, node, name, path, metadata, created."""
    return "".join(
        "insert into workflow_trace_screenshot (trace_id, screenshot_id, step_id, node_id, node_name, screenshot_path, metadata, created_at)"
        f" values ({RUN}, {row});\n"
        for row in rows
    )


EVENTS = (
    Oddity(
        "event_without_step",
        "events of the run itself; joined by step they are lost",
        _OWN_RUN + _events("3201, null, 'workflow_started', '{}', '2024-07-01 10:00:00+00'"),
        "select event_id from workflow_events where step_id is null",
    ),
    Oddity(
        "event_of_another_run_than_its_step",
        "two foreign keys that nobody held together",
        _events("3202, 2005, 'step_completed', '{\"status\": \"failed\"}', '2024-07-01 10:00:02+00'"),
        "select event_id from workflow_events e join workflow_steps s using (step_id) where e.trace_id <> s.trace_id",
    ),
    Oddity(
        "events_of_one_moment",
        "the same time: only the id says which came first; and two that are alike in everything but the id",
        _events(
            "3203, 2201, 'clicked', '{\"n\": 1}', '2024-07-01 10:00:03+00'",
            "3204, 2201, 'clicked', '{\"n\": 2}', '2024-07-01 10:00:03+00'",
            "3205, 2201, 'clicked', '{\"n\": 2}', '2024-07-01 10:00:03+00'",
        ),
        "select step_id from workflow_events where step_id is not null group by step_id, event_type, event_data, timestamp having count(*) > 1",
    ),
    Oddity(
        "events_written_out_of_order",
        "a later id, an earlier time",
        _events("3206, 2201, 'typed', '{}', '2024-07-01 10:00:02.5+00'"),
        "select e.event_id from workflow_events e join workflow_events f on f.step_id = e.step_id and f.event_id < e.event_id"
        " where f.timestamp > e.timestamp",
    ),
    Oddity(
        "event_without_time",
        "timestamp may be NULL; and infinity",
        _events(
            "3207, 2201, 'noted', '{}', null",
            "3208, null, 'noted', '{}', null",
            "3209, 2202, 'expires', '{}', 'infinity'",
        ),
        "select event_id from workflow_events where timestamp is null and exists (select from workflow_events where timestamp = 'infinity')",
    ),
    Oddity(
        "event_with_odd_words",
        "a type without a letter, one of a hundred characters, data that is no object",
        _events(
            "3210, 2202, '', 'null', '2024-07-01 10:00:04+00'",
            "3211, 2202, repeat('e', 100), '[]', '2024-07-01 10:00:05+00'",
            "3212, 2202, 'said \"yes\"', '\"text\"', '2024-07-01 10:00:06.000001+00'",
        ),
        "select event_id from workflow_events where event_type = '' and event_data = 'null'",
    ),
    Oddity(
        "run_completed_twice",
        "each call of complete_workflow_execution leaves an event",
        "".join(
            "insert into workflow_events (event_id, trace_id, event_type, event_data, timestamp) values"
            f' ({event}, 1106, \'workflow_completed\', \'{{"status": "{status}", "duration_ms": 60000, "error_message": null}}\','
            " '2024-03-04 10:01:00+00');\n"
            for event, status in ((3213, "completed"), (3214, "pending"))
        ),
        "select trace_id from workflow_events where event_type = 'workflow_completed' group by trace_id having count(*) > 1",
    ),
    Oddity(
        "three_hundred_events_of_one_step",
        "more than the ledger folds into one value",
        "insert into workflow_events (event_id, trace_id, step_id, event_type, event_data, timestamp)"
        " select 3300 + n, 1005, 2006, 'polled', jsonb_build_object('n', n), timestamptz '2024-08-01 00:00:00+00' + n * interval '1 s'"
        " from generate_series(1, 300) n;",
        "select step_id from workflow_events where step_id is not null group by step_id having count(*) > 256",
    ),
)

CONTEXT = (
    Oddity(
        "context_never_updated",
        "updated_at is NULL until a key is set again; the times are the key's own",
        _context(
            "4101, 'first', '1', '2024-07-01 10:00:01+00', null",
            "4102, 'second', '2', '2024-07-01 10:00:02+00', '2024-07-01 11:00:00.000001+00'",
        ),
        "select context_id from workflow_trace_context where updated_at is null and exists"
        " (select from workflow_trace_context where updated_at > created_at)",
    ),
    Oddity(
        "context_without_times",
        "created_at may be NULL; updated before it was created; infinity",
        _context(
            "4103, 'timeless', '{}', null, null",
            "4104, 'backwards', '{}', '2024-07-01 10:00:03+00', '2024-06-30 10:00:00+00'",
            "4105, 'forever', '{}', '2024-07-01 10:00:03+00', 'infinity'",
            "4106, 'updated only', '{}', null, '2024-07-01 10:00:04+00'",
        ),
        "select context_id from workflow_trace_context where created_at is null and updated_at is null",
    ),
    Oddity(
        "context_key_of_any_characters",
        "dots, quotes, braces, other scripts, none at all, 255 of them",
        _context(
            "4107, 'a.b.c', '1', '2024-07-01 10:00:05+00', null",
            "4108, 'say \"hi\", it''s', '1', '2024-07-01 10:00:05+00', null",
            "4109, '{a,b}[0]$.*', '1', '2024-07-01 10:00:05+00', null",
            "4110, 'clé 鍵 😀', '1', '2024-07-01 10:00:05+00', null",
            "4111, '', '1', '2024-07-01 10:00:05+00', null",
            "4112, repeat('k', 255), '1', '2024-07-01 10:00:05+00', null",
            "4113, E'back\\\\slash\\n', '1', '2024-07-01 10:00:05+00', null",
            "4114, ' first ', '1', '2024-07-01 10:00:05+00', null",
        ),
        "select context_id from workflow_trace_context where key = '' and exists (select from workflow_trace_context where key like '%.%')"
        " and exists (select from workflow_trace_context where key like '%\"%')",
    ),
    Oddity(
        "context_value_of_any_kind",
        "JSON null, a number with a scale, forty levels, 200 kilobytes, a text that is JSON",
        _context(
            "4115, 'nothing', 'null', '2024-07-01 10:00:06+00', null",
            "4116, 'scale', '1.00', '2024-07-01 10:00:06+00', null",
            "4117, 'deep', (repeat('[', 40) || repeat(']', 40))::jsonb, '2024-07-01 10:00:06+00', null",
            "4118, 'big', to_jsonb(repeat('0123456789abcdef', 12800)), '2024-07-01 10:00:06+00', null",
            "4119, 'twice', to_jsonb('{\"a\": 1}'::text), '2024-07-01 10:00:06+00', null",
            "4120, 'false', 'false', '2024-07-01 10:00:06+00', null",
            "4121, 'zero', '0', '2024-07-01 10:00:06+00', null",
            "4122, 'empty', '\"\"', '2024-07-01 10:00:06+00', null",
        ),
        "select context_id from workflow_trace_context where value = 'null' and exists (select from workflow_trace_context where value::text = '1.00')"
        " and exists (select from workflow_trace_context where octet_length(value::text) > 200000)",
    ),
)

SCREENSHOTS = (
    Oddity(
        "screenshot_without_step",
        "of a node that a step of the run has, and of one that none has",
        _screenshots(
            f"5101, null, '{READ_CLAIM}', 'read_claim', 'shots/a.png', '{{}}', '2024-07-01 10:01:00+00'",
            f"5102, null, '{CHECK_MEMBER}', null, 'shots/b.png', null, '2024-07-01 10:01:01+00'",
        ),
        "select screenshot_id from workflow_trace_screenshot where step_id is null",
    ),
    Oddity(
        "screenshot_of_a_node_that_is_gone",
        "nodes were deleted, their pictures stayed",
        _screenshots(
            f"5103, 2201, '{DELETED_NODE}', 'old portal', 'shots/c.png', '{{}}', '2024-07-01 10:01:02+00'",
            f"5104, null, '{DELETED_NODE}', '', 'shots/d.png', '{{}}', '2024-07-01 10:01:03+00'",
        ),
        "select screenshot_id from workflow_trace_screenshot s where not exists (select from user_workflow_node n where n.node_id = s.node_id)",
    ),
    Oddity(
        "screenshot_of_another_run_than_its_step",
        "two foreign keys that nobody held together",
        _screenshots(
            f"5105, 2002, '{OPEN_PORTAL}', 'open_portal', 'shots/e.png', '{{}}', '2024-07-01 10:01:04+00'"
        ),
        "select screenshot_id from workflow_trace_screenshot c join workflow_steps s using (step_id) where c.trace_id <> s.trace_id",
    ),
    Oddity(
        "screenshot_twice",
        "the same path, with JSON null and SQL NULL beside it, and no time",
        _screenshots(
            f"5106, 2202, '{READ_CLAIM}', 'read_claim', 'shots/f.png', 'null', '2024-07-01 10:01:05+00'",
            f"5107, 2202, '{READ_CLAIM}', 'read_claim', 'shots/f.png', null, null",
            f"5108, 2202, '{READ_CLAIM}', 'read_claim', '', '{{}}', '2024-07-01 10:01:05+00'",
        ),
        "select screenshot_path from workflow_trace_screenshot where exists (select from workflow_trace_screenshot where metadata = 'null')"
        " and exists (select from workflow_trace_screenshot where created_at is null) group by screenshot_path having count(*) > 1",
    ),
    Oddity(
        "several_screenshots_of_several_steps",
        "joined by the run alone, every step would get all of them",
        "",
        "select trace_id from workflow_trace_screenshot where step_id is not null group by trace_id"
        " having count(*) > 2 and count(distinct step_id) > 1",
    ),
)

CHILDREN = EVENTS + CONTEXT + SCREENSHOTS

SECOND_SHAPE = (
    Oddity(
        "screenshot_of_the_second_shape",
        "a node's id as a number, and the step by its number in the run",
        "insert into workflow_trace_screenshot_v9 (screenshot_id, org_id, trace_id, node_id, node_name, step_index, screenshot_url,"
        " action_description, element_selector, screenshot_metadata, created_at) values"
        f" ('5c4ee000-0000-4000-8000-000000000001', '{ALDER}', 1002, 1, 'open_portal', 1, 'https://alder.test/9.png', 'sign in', '#login', null, '2024-07-01 10:01:06+00'),"
        f" ('5c4ee000-0000-4000-8000-000000000002', '{ALDER}', 1002, 2, 'read_claim', 2, 'https://alder.test/10.png', 'read', null, 'null', '2024-07-01 10:01:07+00');",
        "select v.screenshot_id from workflow_trace_screenshot_v9 v join workflow_steps s on s.trace_id = v.trace_id and s.step_number = v.step_index",
    ),
    Oddity(
        "screenshot_of_a_step_number_that_is_not_there",
        "the second shape has no key to steps; nor one to nodes",
        "insert into workflow_trace_screenshot_v9 (screenshot_id, org_id, trace_id, node_id, node_name, step_index, screenshot_url, action_description, created_at)"
        f" values ('5c4ee000-0000-4000-8000-000000000003', '{ALDER}', 1002, 404, 'gone', 99, '', '', '2024-07-01 10:01:08+00');",
        "select v.screenshot_id from workflow_trace_screenshot_v9 v where not exists"
        " (select from workflow_steps s where s.trace_id = v.trace_id and s.step_number = v.step_index)"
        " and not exists (select from workflow_node n where n.node_id = v.node_id)",
    ),
    Oddity(
        "screenshot_of_another_organization",
        "its org_id is not the run's",
        "insert into workflow_trace_screenshot_v9 (screenshot_id, org_id, trace_id, node_id, node_name, step_index, screenshot_url, action_description, created_at)"
        f" values ('5c4ee000-0000-4000-8000-000000000004', '{ALDER}', 1006, 1, 'open_portal', 1, 'https://alder.test/11.png', 'sign in', '2024-07-01 10:01:09+00');",
        "select v.screenshot_id from workflow_trace_screenshot_v9 v join workflow_trace t using (trace_id) join user_workflow w using (workflow_id)"
        " where w.org_id <> v.org_id",
    ),
)
"""Oddities of the table that not every installation has."""
