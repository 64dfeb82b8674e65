"""Every CHECK of the schema is a sentence, and refuses what the sentence says."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from callers import Caller

from conftest import Database, Tenant

RUN = "update mainstem.user_workflow_run set "
STEP = "update mainstem.user_workflow_run_step set "
QUEUE = "insert into mainstem.user_workflow_run_queue (run_id, org_id, state, worker_id) values (gen_random_uuid(), gen_random_uuid(), "
CONFIG = "insert into mainstem.user_workflow_config (org_id, config_type, workflow_id, channel, config_data) select org_id, "
CACHED = (
    "insert into mainstem.user_workflow_step_cache (org_id, cache_key, workflow, step, label, run_id, step_number, epoch, output_data, expires_at)"
    " select org_id, 'key', 'intake', 'read', '{}', gen_random_uuid(), 1, "
)
SCHEDULE = "insert into mainstem.user_workflow_schedule (org_id, workflow_id, name, cron, {}) select org_id, workflow_id, name, {} from mainstem.user_workflow"
FIRING = """with made as (
  insert into mainstem.user_workflow_schedule (org_id, workflow_id, name, cron) select org_id, workflow_id, name, '* * * * *' from mainstem.user_workflow
  returning org_id, schedule_id)
insert into mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for, outcome, run_id) select org_id, schedule_id, now(), {} from made"""
LIMITS = "insert into mainstem.user_workflow_queue (queue, {}) values ("
LEAF = "insert into mainstem.user_workflow_leaf (lower, upper, suffix) values "

REFUSED = {
    "key_role_is_known": [
        (
            "insert into mainstem.user_api_key (org_id, name, prefix, key_hash, role)"
            " select org_id, 'import', 'ms_', '\\x02', 'owner' from mainstem.organization"
        )
    ],
    "audit_details_are_an_object": [
        (
            "insert into mainstem.user_workflow_audit (org_id, actor, action, target, details)"
            " select org_id, 'ms_', 'keys.create', 'key', '[]' from mainstem.organization"
        )
    ],
    "a_cached_result_is_there_or_being_made": [
        CACHED + "null, null, now() from mainstem.organization",
        CACHED + "1, '{}', now() from mainstem.organization",
    ],
    "a_breakpoint_says_where": [
        "insert into mainstem.user_workflow_breakpoint (org_id, node_key) select org_id, 'read' from mainstem.organization"
    ],
    "run_ids_leave_room_for_steps": [RUN + "run_id = mainstem.step_id(run_id, 1)"],
    "run_status_is_known": [RUN + "status = 'active'"],
    "run_driver_is_known": [RUN + "driver = 'nobody'"],
    "ended_runs_have_an_end": [RUN + "status = 'completed'", RUN + "ended_at = started_at"],
    "failed_runs_say_why": [RUN + "status = 'failed', ended_at = started_at"],
    "runs_end_after_they_start": [
        RUN + "status = 'completed', ended_at = started_at - interval '1 microsecond'"
    ],
    "run_logs_are_lists": [RUN + "events = '{}'", RUN + "endpoints_used = '\"https://one\"'"],
    "run_context_is_an_object": [RUN + "context = '[]'", RUN + "metadata = 'null'"],
    "step_numbers_fit_in_three_bytes": [
        STEP + "step_number = 0, step_id = run_id",
        STEP + "step_number = 16777216, step_id = mainstem.step_id(run_id, 16777216)",
        STEP + "step_number = -1, step_id = mainstem.step_id(run_id, -1)",
    ],
    "a_step_s_id_is_its_run_s_with_its_number": [
        STEP + "step_id = mainstem.step_id(run_id, 2)",
        STEP + "step_id = mainstem.step_id(mainstem.new_run_id(), 1)",
    ],
    "step_status_is_known": [STEP + "status = 'timeout'"],
    "ended_steps_have_an_end": [STEP + "status = 'skipped'", STEP + "ended_at = started_at"],
    "failed_steps_say_why": [STEP + "status = 'failed', ended_at = started_at"],
    "steps_end_after_they_start": [
        STEP + "status = 'completed', ended_at = started_at - interval '1 microsecond'"
    ],
    "steps_belong_to_a_node": [STEP + "node_id = null"],
    "step_logs_are_lists": [STEP + "events = '{}'", STEP + "screenshots = 'null'"],
    "channels_are_short_lower_case_words": [
        "select 'Web Form'::mainstem.workflow_channel",
        "select ''::mainstem.workflow_channel",
    ],
    "step_states_are_short_lower_case_words": ["select 'Completed'::mainstem.step_status"],
    "run_states_are_short_lower_case_words": [f"select '{'a' * 64}'::mainstem.trace_status"],
    "config_types_are_short_lower_case_words": ["select '9'::mainstem.config_type"],
    "queue_state_is_known": [QUEUE + "'running', null)"],
    "owned_runs_have_an_owner": [QUEUE + "'owned', null)", QUEUE + "'ready', gen_random_uuid())"],
    "a_lease_lasts_a_while": [
        "insert into mainstem.user_workflow_worker (worker_id, host, pid, ttl) values (gen_random_uuid(), 'a', 1, '999 milliseconds')"
    ],
    "context_keys_have_a_name": [
        "insert into mainstem.user_workflow_run_context (run_id, key, value, org_id) select run_id, '', '1', org_id from mainstem.user_workflow_run"
    ],
    "retention_is_at_least_a_day": ["update mainstem.organization set retention_days = 0"],
    "workflow_status_is_known": ["update mainstem.user_workflow set status = 'retired'"],
    "config_data_is_an_object": [CONFIG + "'global', null, null, '[]' from mainstem.organization"],
    "a_config_names_what_its_type_scopes": [
        CONFIG + "'global', workflow_id, null, '{}' from mainstem.user_workflow",
        CONFIG + "'channel', null, null, '{}' from mainstem.organization",
        CONFIG + "'workflow', workflow_id, 'web', '{}' from mainstem.user_workflow",
        CONFIG + "'workflow_channel', workflow_id, null, '{}' from mainstem.user_workflow",
        CONFIG + "'agent', null, null, '{}' from mainstem.organization",
    ],
    "a_schedule_comes_round_in_one_way": [
        SCHEDULE.format("every", "'* * * * *', '1 hour'"),
        SCHEDULE.format("zone", "null, 'UTC'"),
    ],
    "a_schedule_s_interval_is_at_least_a_second": [SCHEDULE.format("every", "null, '999 milliseconds'")],
    "missed_policy_is_known": [SCHEDULE.format("missed", "'* * * * *', 'some'")],
    "overlap_policy_is_known": [SCHEDULE.format("overlap", "'* * * * *', 'hope'")],
    "scheduled_input_is_an_object": [SCHEDULE.format("input_data", "'* * * * *', '[]'::jsonb")],
    "firing_outcome_is_known": [FIRING.format("'lost', null")],
    "started_firings_have_a_run": [
        FIRING.format("'started', null"),
        FIRING.format("'queued', gen_random_uuid()"),
    ],
    "skipped_firings_say_why": [FIRING.format("'skipped', null")],
    "queue_names_are_short": [LIMITS.format("max_running") + "'', 1)"],
    "queues_let_something_run": [
        LIMITS.format("max_running") + "'a', -1)",
        LIMITS.format("per_key_running") + "'a', 0)",
    ],
    "a_rate_is_a_count_in_a_time": [
        LIMITS.format("rate_count") + "'a', 1)",
        LIMITS.format("rate_per") + "'a', '1 minute')",
    ],
    "leaves_end_after_they_begin": [LEAF + "('2001-01-01', '2001-01-01', 'p')"],
    "leaves_do_not_overlap": [LEAF + "('2001-01-01', '2001-03-01', 'p'), ('2001-02-01', '2001-04-01', 'q')"],
    "there_is_only_one_row": ["update mainstem.schema_info set only_row = false"],
    "code_numbers_are_in_order": ["update mainstem.schema_info set min_code = max_code + 1"],
}


def refusals(conn: psycopg.Connection[Any], statements: list[str]) -> list[str | None]:
    """The constraint that refuses each; nothing stays of what it refuses."""
    names = []
    for statement in statements:
        with pytest.raises(psycopg.IntegrityError) as refused, conn.transaction():
            conn.execute(statement)
        names.append(refused.value.diag.constraint_name)
    return names


def test_each_check_refuses_what_its_name_says(database: Database, tenant: Tenant) -> None:
    caller = Caller.at(database, tenant)
    caller.start_step(caller.start_run())
    conn = database.connect(None)
    for name, statements in REFUSED.items():
        assert refusals(conn, statements) == [name] * len(statements)


def test_no_check_is_without_its_case(database: Database) -> None:
    named = database.rows(
        "select distinct k.conname from pg_constraint k left join pg_class c on c.oid = k.conrelid"
        " where k.connamespace = 'mainstem'::regnamespace and k.contype in ('c', 'x') and not coalesce(c.relispartition, false)"
    )
    assert {row["conname"] for row in named} == set(REFUSED)
