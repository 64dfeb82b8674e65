"""What the old application says to its database, in the order of one round. Data: `writer` only performs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

TRACES, STEPS, EVENTS = "workflow_trace", "workflow_steps", "workflow_events"
CONTEXT, SCREENSHOTS = "workflow_trace_context", "workflow_trace_screenshot"
CONFIGS = "workflow_configs"

KEYS: Final = {
    TRACES: "trace_id",
    STEPS: "step_id",
    EVENTS: "event_id",
    CONTEXT: "context_id",
    SCREENSHOTS: "screenshot_id",
}


CONFIG_KEYS: Final = {CONFIGS: "config_id"}


class Effect(Enum):
    """What is true afterwards of the rows whose ids a statement gives."""

    READS = "reads"
    WRITES = "writes"
    DELETES = "deletes"
    ROLLS_BACK = "rolls back"


@dataclass(frozen=True, slots=True)
class Statement:
    """One transaction. Its last text gives the ids of the rows it wrote, in their first column.

    Parameters: n (counts up), mark (a text of its own), explicit (an id of its own), workflow, node and user of the
    sample, and every name under which an earlier statement of the round keeps an id; with `old_` before it, the one
    of five rounds ago.
    """

    name: str
    texts: tuple[str, ...]
    table: str | None = None
    effect: Effect = Effect.READS
    keeps: str | None = None
    """The name under which later statements find the id."""
    expects: Mapping[str, str | None] = field(default_factory=dict)
    """Expression over the row to the text that it is from now on; `$name` stands for a parameter, None for NULL."""
    may_fail: frozenset[str] = frozenset()
    """SQLSTATEs that the old application lives with."""


def _writes(
    name: str,
    table: str,
    *texts: str,
    keeps: str | None = None,
    expects: Mapping[str, str | None] | None = None,
) -> Statement:
    return Statement(name, texts, table, Effect.WRITES, keeps, expects or {})


def _deletes(name: str, table: str, text: str) -> Statement:
    return Statement(name, (text,), table, Effect.DELETES)


def _reads(name: str, text: str) -> Statement:
    return Statement(name, (text,))


NEVER_WORKED: Final = frozenset({"42804"})
"""start_workflow_step on the applied tables: "column node_id is of type uuid but expression is of type bigint"."""

BEGIN: Final = (
    _writes(
        "start a run", TRACES,
        "select start_workflow_execution(%(workflow)s::uuid, 'web'::workflow_channel, %(mark)s, jsonb_build_object('round', %(n)s::int), %(user)s::uuid)",
        keeps="trace", expects={"external_id": "$mark"},
    ),
    _writes(
        "insert a run", TRACES,
        "insert into workflow_trace (workflow_id, channel, external_id, created_by) values (%(workflow)s, 'efax', %(mark)s, %(user)s) returning trace_id",
        keeps="other", expects={"external_id": "$mark"},
    ),
    _writes(
        "insert a run with an id of its own", TRACES,
        "insert into workflow_trace (trace_id, workflow_id, channel, external_id, status, start_time, created_by)"
        " values (%(explicit)s, %(workflow)s, 'voice', %(mark)s, 'active', now(), %(user)s) returning trace_id",
        keeps="third", expects={"external_id": "$mark"},
    ),
    _writes(
        "insert a step", STEPS,
        "insert into workflow_steps (trace_id, node_id, step_number, status, input_data, start_time)"
        " values (%(trace)s, %(node)s, %(n)s, 'running', jsonb_build_object('mark', %(mark)s::text), now()) returning step_id",
        keeps="step", expects={"input_data ->> 'mark'": "$mark", "trace_id": "$trace"},
    ),
    _writes(
        "insert a step that waits", STEPS,
        "insert into workflow_steps (trace_id, node_id, step_number, input_data)"
        " values (%(trace)s, %(node)s, %(n)s, jsonb_build_object('mark', %(mark)s::text)) returning step_id",
        keeps="later", expects={"input_data ->> 'mark'": "$mark", "trace_id": "$trace"},
    ),
    Statement(
        "start a step at a numbered node",
        ("select start_workflow_step(%(other)s, 5, %(n)s, jsonb_build_object('mark', %(mark)s::text))",),
        STEPS, Effect.WRITES, "numbered", {"input_data ->> 'mark'": "$mark", "trace_id": "$other"}, NEVER_WORKED,
    ),
    _writes(
        "insert an event of a step", EVENTS,
        "insert into workflow_events (trace_id, step_id, event_type, event_data)"
        " values (%(trace)s, %(step)s, 'clicked', jsonb_build_object('mark', %(mark)s::text)) returning event_id",
        keeps="event", expects={"event_data ->> 'mark'": "$mark", "trace_id": "$trace", "step_id": "$step"},
    ),
    _writes(
        "insert an event of a run", EVENTS,
        "insert into workflow_events (trace_id, event_type, event_data, timestamp)"
        " values (%(trace)s, 'noted', jsonb_build_object('mark', %(mark)s::text), null) returning event_id",
        keeps="note", expects={"event_data ->> 'mark'": "$mark", "trace_id": "$trace"},
    ),
    _writes(
        "insert two events at once", EVENTS,
        "insert into workflow_events (trace_id, step_id, event_type, event_data)"
        " values (%(trace)s, %(step)s, 'typed', jsonb_build_object('mark', %(mark)s::text)),"
        " (%(trace)s, %(step)s, 'typed', jsonb_build_object('mark', %(mark)s::text)) returning event_id",
        expects={"event_data ->> 'mark'": "$mark", "trace_id": "$trace", "step_id": "$step"},
    ),
    _writes(
        "insert a screenshot of a step", SCREENSHOTS,
        "insert into workflow_trace_screenshot (trace_id, step_id, node_id, node_name, screenshot_path, metadata)"
        " values (%(trace)s, %(step)s, %(node)s, %(mark)s, 'shots/live.png', 'null') returning screenshot_id",
        keeps="shot", expects={"node_name": "$mark", "trace_id": "$trace", "step_id": "$step"},
    ),
    _writes(
        "insert a screenshot of a run", SCREENSHOTS,
        "insert into workflow_trace_screenshot (trace_id, node_id, node_name, screenshot_path)"
        " values (%(trace)s, %(node)s, %(mark)s, 'shots/live.png') returning screenshot_id",
        keeps="loose", expects={"node_name": "$mark", "trace_id": "$trace"},
    ),
)  # fmt: skip

CONTEXTS: Final = (
    _reads("set context", "select set_workflow_context(%(trace)s, 'live.key \"1\"', jsonb_build_object('mark', %(mark)s::text))"),
    _writes(
        "set context again", CONTEXT,
        "select set_workflow_context(%(trace)s, 'live.key \"1\"', jsonb_build_object('mark', %(mark)s::text))",
        "select context_id from workflow_trace_context where trace_id = %(trace)s and key = 'live.key \"1\"'",
        expects={"value ->> 'mark'": "$mark", "trace_id": "$trace", "updated_at is not null": "true"},
    ),
    _writes(
        "insert context", CONTEXT,
        "insert into workflow_trace_context (trace_id, key, value) values (%(trace)s, %(mark)s::text, jsonb_build_object('mark', %(mark)s::text)) returning context_id",
        keeps="context", expects={"value ->> 'mark'": "$mark", "key": "$mark", "trace_id": "$trace"},
    ),
    _writes(
        "update context", CONTEXT,
        "update workflow_trace_context set value = jsonb_build_object('mark', %(mark)s::text), updated_at = now()"
        " where context_id = %(context)s returning context_id",
        expects={"value ->> 'mark'": "$mark"},
    ),
    _writes(
        "move context to another run", CONTEXT,
        "update workflow_trace_context set trace_id = %(other)s where context_id = %(context)s returning context_id",
        expects={"trace_id": "$other"},
    ),
    _deletes("delete context", CONTEXT, "delete from workflow_trace_context where context_id = %(old_context)s returning context_id"),
    _reads("get context", "select * from get_workflow_context(%(trace)s)"),
    _reads("get one key of the context", "select * from get_workflow_context(%(trace)s, 'live.key \"1\"')"),
)  # fmt: skip

CHANGES: Final = (
    _writes(
        "update a step", STEPS,
        "update workflow_steps set output_data = jsonb_build_object('mark', %(mark)s::text), metadata = null where step_id = %(step)s returning step_id",
        expects={"output_data ->> 'mark'": "$mark"},
    ),
    _writes(
        "take a step's output back", STEPS,
        "update workflow_steps set output_data = null, metadata = 'null' where step_id = %(step)s returning step_id",
        expects={"output_data ->> 'mark'": None, "metadata": "null"},
    ),
    _writes(
        "fail a step", STEPS,
        "select complete_workflow_step(%(step)s, 'failed'::step_status, null, %(mark)s)", "select %(step)s::bigint",
        expects={"status": "failed", "error_message": "$mark"},
    ),
    _writes(
        "retry a step", STEPS,
        "select retry_workflow_step(%(step)s)", "select %(step)s::bigint",
        expects={"status": "running", "retry_count": "1", "error_message": None},
    ),
    _writes(
        "complete a step", STEPS,
        "select complete_workflow_step(%(step)s, 'completed'::step_status, jsonb_build_object('mark', %(mark)s::text), null)",
        "select %(step)s::bigint",
        expects={"status": "completed", "output_data ->> 'mark'": "$mark", "error_message": None},
    ),
    _writes(
        "begin the step that waits", STEPS,
        "update workflow_steps set status = 'running', start_time = now() where step_id = %(later)s returning step_id",
        expects={"status": "running"},
    ),
    _writes(
        "update an event", EVENTS,
        "update workflow_events set event_data = jsonb_build_object('mark', %(mark)s::text) where event_id = %(event)s returning event_id",
        expects={"event_data ->> 'mark'": "$mark"},
    ),
    _writes(
        "move an event to another step", EVENTS,
        "update workflow_events set step_id = %(later)s where event_id = %(event)s returning event_id",
        expects={"step_id": "$later"},
    ),
    _writes(
        "move an event to another run", EVENTS,
        "update workflow_events set trace_id = %(other)s, step_id = null where event_id = %(note)s returning event_id",
        expects={"trace_id": "$other", "step_id": None},
    ),
    _writes(
        "move a step to another run", STEPS,
        "update workflow_steps set trace_id = %(other)s where step_id = %(later)s returning step_id",
        expects={"trace_id": "$other"},
    ),
    _writes(
        "give a screenshot to a step", SCREENSHOTS,
        "update workflow_trace_screenshot set step_id = %(step)s, screenshot_url = %(mark)s where screenshot_id = %(loose)s returning screenshot_id",
        expects={"step_id": "$step", "screenshot_url": "$mark"},
    ),
    _writes(
        "update a run", TRACES,
        "update workflow_trace set external_id = %(mark)s, config_snapshot = null, channel = 'voice' where trace_id = %(other)s returning trace_id",
        expects={"external_id": "$mark", "channel": "voice"},
    ),
    _writes(
        "take a run's external id", TRACES,
        "update workflow_trace set external_id = null where trace_id = %(old_trace)s returning trace_id",
        expects={"external_id": None},
    ),
    _writes(
        "add to a run of before", EVENTS,
        "insert into workflow_events (trace_id, step_id, event_type, event_data)"
        " values (%(old_trace)s, %(old_step)s, 'looked at', jsonb_build_object('mark', %(mark)s::text)) returning event_id",
        expects={"event_data ->> 'mark'": "$mark", "trace_id": "$old_trace", "step_id": "$old_step"},
    ),
)  # fmt: skip

ENDINGS: Final = (
    _writes(
        "complete a run and say so", EVENTS,
        "select complete_workflow_execution(%(trace)s, 'completed'::trace_status)",
        "insert into workflow_events (trace_id, event_type, event_data)"
        " values (%(trace)s, 'said', jsonb_build_object('mark', %(mark)s::text)) returning event_id",
        expects={"event_data ->> 'mark'": "$mark", "trace_id": "$trace"},
    ),
    _writes(
        "fail a run", TRACES,
        "select complete_workflow_execution(%(third)s, 'failed'::trace_status, %(mark)s)", "select %(third)s::bigint",
        expects={"status": "failed", "error_message": "$mark"},
    ),
    Statement(
        "think better of a run",
        (
            "insert into workflow_trace (workflow_id, channel, created_by) values (%(workflow)s, 'web', %(user)s)",
            "update workflow_steps set error_message = 'never' where trace_id = %(trace)s",
            "delete from workflow_events where trace_id = %(trace)s",
            "insert into workflow_trace (workflow_id, channel, created_by) values (%(workflow)s, 'web', %(user)s) returning trace_id",
        ),
        TRACES, Effect.ROLLS_BACK,
    ),
    _deletes("delete an event", EVENTS, "delete from workflow_events where event_id = %(old_event)s returning event_id"),
    _deletes("delete a screenshot", SCREENSHOTS, "delete from workflow_trace_screenshot where screenshot_id = %(old_shot)s returning screenshot_id"),
    _deletes("delete a step with what hangs on it", STEPS, "delete from workflow_steps where step_id = %(old_later)s returning step_id"),
    _deletes("delete a run with what hangs on it", TRACES, "delete from workflow_trace where trace_id = %(old_third)s returning trace_id"),
    _reads("clean up", "select * from cleanup_old_execution_data(36500)"),
)  # fmt: skip

CONFIG_CHANGES: Final = (
    _writes(
        "write a config", CONFIGS,
        "insert into workflow_configs (org_id, workflow_id, name, config_type, config_data, created_by)"
        " select w.org_id, w.workflow_id, %(mark)s::text, 'workflow', jsonb_build_object('mark', %(mark)s::text), %(user)s::uuid from user_workflow w"
        " where w.workflow_id = %(workflow)s returning config_id",
        keeps="config", expects={"name": "$mark", "config_data ->> 'mark'": "$mark"},
    ),
    _reads(
        "activate a config",
        "update config_status set active_config_id = %(config)s, activated_at = now() where config_type = 'workflow' and entity_id = %(workflow)s",
    ),
    _writes(
        "change a config", CONFIGS,
        "update workflow_configs set config_data = jsonb_build_object('mark', %(mark)s::text), updated_at = now(), is_active = false"
        " where config_id = %(config)s returning config_id",
        expects={"config_data ->> 'mark'": "$mark", "is_active": "false"},
    ),
    _deletes("delete a config", CONFIGS, "delete from workflow_configs where config_id = %(old_config)s returning config_id"),
)  # fmt: skip

READS: Final = (
    _reads("read a run", "select * from workflow_trace where trace_id = %(trace)s"),
    _reads("read its steps", "select * from workflow_steps where trace_id = %(trace)s order by step_number"),
    _reads("lock a run", "select trace_id from workflow_trace where trace_id = %(trace)s for update skip locked"),
    _reads("read the summary", "select * from v_workflow_execution_summary where trace_id = %(trace)s"),
    _reads("read the timeline", "select * from v_workflow_execution_timeline where trace_id = %(trace)s"),
    _reads("get a config", "select get_active_workflow_config((select org_id from user_workflow where workflow_id = %(workflow)s), %(workflow)s, 'workflow'::config_type)"),
)  # fmt: skip

STATEMENTS: Final = BEGIN + CONTEXTS + CHANGES + CONFIG_CHANGES + ENDINGS + READS
