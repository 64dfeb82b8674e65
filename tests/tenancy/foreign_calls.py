"""One row for every function of the schema: how it is called with another tenant's ids, and what it must answer.

%(name)s is the other tenant's, %(my_name)s the caller's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOTHING: list[tuple[Any, ...]] = []
DENIED = "42501"
NOT_FOUND = "MS001"

REFUSALS = ("MS001", "MS010", "42501")
"""What may be answered as well by who has no tenant at all."""


@dataclass(frozen=True)
class Foreign:
    """A call with another tenant's ids, and the answer: rows, or an SQLSTATE.

    The tenant itself, calling the same, is answered something else or changes something: the ids are real.
    """

    call: str
    answer: str | list[tuple[Any, ...]]


@dataclass(frozen=True)
class Harmless:
    """A function that neither reads nor writes a tenant's rows, whatever it is given."""

    reason: str


@dataclass(frozen=True)
class ForWorkers:
    """A function that mainstem_app may not call at all."""


Row = Foreign | Harmless | ForWorkers

_START = "array[jsonb_populate_record(null::mainstem._start_record, %(start)s)]"

CALLS: dict[str, list[Row]] = {
    "activate_workflow_config": [
        Foreign("activate_workflow_config(%(config)s)", NOT_FOUND),
        Foreign("activate_workflow_config(%(my_config)s, %(user)s)", NOT_FOUND),
    ],
    "activate_workflow_version": [Foreign("activate_workflow_version(%(workflow)s, 1)", NOT_FOUND)],
    "publish_workflow_graph": [
        Foreign("""publish_workflow_graph(%(workflow)s, '{"nodes": []}', 'third')""", NOT_FOUND)
    ],
    "roll_back_workflow": [Foreign("roll_back_workflow(%(workflow)s)", NOT_FOUND)],
    "save_workflow_draft": [Foreign("save_workflow_draft(%(workflow)s, 1, '{}')", NOT_FOUND)],
    "_make_version_active": [Foreign("_make_version_active(%(workflow)s, 1)", NOT_FOUND)],
    "_refuse_workflow_cycle": [Harmless("looks at the caller's own workflows, and only raises")],
    "_write_workflow_graph": [
        Foreign("""_write_workflow_graph(%(workflow)s, 3, '{"nodes": [{"key": "mine"}]}')""", "23503")
    ],
    "add_workflow_event": [
        Foreign("add_workflow_event(%(caller_run)s, 'seen', '{}')", NOT_FOUND),
        Foreign("add_workflow_event(%(caller_step)s, 'seen', '{}')", NOT_FOUND),
    ],
    "backfill_workflow_schedule": [
        Foreign(
            "backfill_workflow_schedule(%(schedule)s, array['2026-01-02 06:00Z'::timestamptz])", NOT_FOUND
        ),
        Foreign(
            "backfill_workflow_schedule(%(schedule)s, array['2026-01-02 06:00Z'::timestamptz], 1)", NOT_FOUND
        ),
    ],
    "answer_workflow_approval": [Foreign("answer_workflow_approval(%(approval)s, '1')", NOT_FOUND)],
    "ask_of_workflow_runs": [
        Foreign(
            "(select string_agg(distinct code, '') from mainstem.ask_of_workflow_runs('cancel', array[%(caller_run)s, %(engine_run)s]::uuid[]))",
            [("MS001",)],
        )
    ],
    "cancel_workflow_run": [
        Foreign("cancel_workflow_run(%(caller_run)s)", NOT_FOUND),
        Foreign("cancel_workflow_run(%(engine_run)s)", NOT_FOUND),
        Foreign("cancel_workflow_run(%(owned_run)s)", NOT_FOUND),
    ],
    "cleanup_old_execution_data": [
        Foreign("(select deleted_traces from mainstem.cleanup_old_execution_data(5))", [(0,)])
    ],
    "clear_step_cache": [Foreign("clear_step_cache(null, null, 'result of ' || %(org)s)", [(0,)])],
    "clock": [Harmless("the time")],
    "complete_workflow_execution": [
        Foreign("complete_workflow_execution(%(caller_run)s, 'completed')", NOT_FOUND)
    ],
    "complete_workflow_step": [Foreign("complete_workflow_step(%(caller_step)s, 'completed')", NOT_FOUND)],
    "create_organization": [Foreign("create_organization('mine now', %(org)s)", DENIED)],
    "current_org": [Harmless("the caller's own setting")],
    "ensure_workflow_leaf": [Harmless("makes empty partitions")],
    "find_by_any_id": [
        Foreign("find_by_any_id(%(ended_run)s, null, null, '')", NOTHING),
        Foreign("find_by_any_id(%(failed_run)s, %(failed_step)s, null, '')", NOTHING),
    ],
    "find_workflow_runs": [
        Foreign(
            """(select count(*) from mainstem.find_workflow_runs('[]', most => 1000) f where f.workflow_id = %(workflow)s)""",
            [(0,)],
        ),
        Foreign(
            """find_workflow_runs(jsonb_build_array(jsonb_build_object('on', 'id', 'any', jsonb_build_array(jsonb_build_array(
          jsonb_build_object('op', '=', 'value', %(caller_run)s::text))))))""",
            NOTHING,
        ),
        Foreign(
            """(select count(*) from mainstem.find_workflow_runs('[{"on": "context", "path": "exists($.workflow)"}]') f
                    where f.workflow_id = %(workflow)s)""",
            [(0,)],
        ),
    ],
    "first_id_at": [Harmless("computes")],
    "fork_workflow_run": [
        Foreign("fork_workflow_run(%(engine_run)s)", NOT_FOUND),
        Foreign("fork_workflow_run(%(waiting_run)s, 1)", NOT_FOUND),
    ],
    "get_active_workflow_config": [
        Foreign("get_active_workflow_config(%(org)s, %(workflow)s, 'workflow')", [(None,)])
    ],
    "edit_workflow_schedule": [
        Foreign("edit_workflow_schedule(%(schedule)s, '{}', now(), now())", NOT_FOUND),
    ],
    "get_workflow_context": [
        Foreign("get_workflow_context(%(caller_run)s)", NOTHING),
        Foreign("get_workflow_context(%(ended_run)s)", NOTHING),
    ],
    "new_run_id": [Harmless("computes")],
    "org_of_login": [Harmless("the caller's own login")],
    "pause_workflow": [Foreign("pause_workflow(%(workflow)s)", NOT_FOUND)],
    "put_workflow_schedule": [
        Foreign(
            "put_workflow_schedule(jsonb_build_object('workflow_id', %(workflow)s::text, 'name', 'mine now', 'cron', '* * * * *'),"
            " now())",
            NOT_FOUND,
        )
    ],
    "patch_workflow_step": [Foreign("patch_workflow_step(%(failed_step)s, '1')", NOT_FOUND)],
    "read_workflow_run": [
        Foreign("read_workflow_run(%(caller_run)s)", [(None,)]),
        Foreign("read_workflow_run(%(ended_run)s)", [(None,)]),
    ],
    "rebuild_workflow_queue": [Foreign("rebuild_workflow_queue()", [(0,)])],
    "replace_workflow_context": [
        Foreign("replace_workflow_context(%(caller_run)s, 'claim', '2', null, true)", NOT_FOUND),
        Foreign("replace_workflow_context(%(caller_run)s, 'claim', '2', null)", NOT_FOUND),
    ],
    "resolve_workflow_config": [Foreign("resolve_workflow_config(%(workflow)s, 'web')", [({},)])],
    "resume_workflow": [Foreign("resume_workflow(%(paused_workflow)s)", NOT_FOUND)],
    "resume_workflow_run": [
        Foreign("resume_workflow_run(%(paused_run)s)", NOT_FOUND),
        Foreign("resume_workflow_run(%(paused_run)s, true)", NOT_FOUND),
    ],
    "retry_workflow_run": [
        Foreign("retry_workflow_run(%(failed_run)s)", NOT_FOUND),
        Foreign("retry_workflow_run(%(caller_run)s)", NOT_FOUND),
    ],
    "retry_workflow_step": [Foreign("retry_workflow_step(%(failed_step)s)", NOT_FOUND)],
    "run_of": [Harmless("computes")],
    "search_workflow_runs": [
        Foreign("search_workflow_runs(jsonb_build_object('workflow', %(workflow)s::text))", NOTHING),
        Foreign(
            "(select count(*) from mainstem.search_workflow_runs() s where s.workflow_id = %(workflow)s)",
            [(0,)],
        ),
    ],
    "send_workflow_signal": [
        Foreign("send_workflow_signal(%(waiting_run)s, 'rejected')", NOT_FOUND),
        Foreign("send_workflow_signal(%(owned_run)s, 'rejected')", NOT_FOUND),
    ],
    "send_workflow_signal_by_key": [
        Foreign("send_workflow_signal_by_key('payroll', 'open-claim ' || %(org)s, 'rejected')", NOT_FOUND)
    ],
    "set_workflow_context": [
        Foreign("set_workflow_context(%(caller_run)s, 'claim', '2')", NOT_FOUND),
        Foreign("set_workflow_context(%(engine_run)s, 'claim', '2')", NOT_FOUND),
    ],
    "skip_workflow_step": [Foreign("skip_workflow_step(%(failed_step)s)", NOT_FOUND)],
    "start_workflow_execution": [
        Foreign("start_workflow_execution(%(workflow)s, 'web', null, null, null)", NOT_FOUND),
        Foreign("start_workflow_execution(%(my_workflow)s, 'web', null, null, %(user)s)", NOT_FOUND),
    ],
    "start_workflow_step": [
        Foreign("start_workflow_step(%(caller_run)s, %(node)s, 2)", NOT_FOUND),
        Foreign("start_workflow_step(%(my_caller_run)s, %(node)s, 2)", NOT_FOUND),
    ],
    "step_id": [Harmless("computes")],
    "step_number_of": [Harmless("computes")],
    "_begin_firings": [
        Foreign(
            "(select count(*) from mainstem.user_workflow_schedule s cross join mainstem._begin_firings(s, array[now()])"
            " where s.schedule_id = %(schedule)s)",
            [(0,)],
        )
    ],
    "_caller_of_key": [Harmless("answers to who knows the key, and with the key's own tenant")],
    "_cancel_children": [Foreign("_cancel_children(%(waiting_run)s, 'mine now')", [(0,)])],
    "_deep_merge": [Harmless("computes")],
    "_deliver_signal": [Foreign("_deliver_signal(%(waiting_run)s, %(org)s, 'rejected', null, null)", DENIED)],
    "_event_id": [Harmless("computes")],
    "_delete_runs": [Foreign("_delete_runs(array[%(ended_run)s::uuid])", [(0, 0, 0, 0)])],
    "_fold_events": [Foreign("_fold_events(%(caller_run)s, 1)", [([],)])],
    "_fold_run": [
        Foreign("_fold_run(%(caller_run)s, 'cancelled', 'mine now', null, null, null, null)", [("",)])
    ],
    "_guard_run": [Harmless("a trigger's: answers no call")],
    "_guard_step": [Harmless("a trigger's: answers no call")],
    "_insert_runs": [Foreign(f"_insert_runs(null, {_START}, array['started'], now())", DENIED)],
    "_is_run_of": [Foreign("_is_run_of(%(caller_run)s, %(org)s)", [(False,)])],
    "_lock_caller_run": [Foreign("_lock_caller_run(%(caller_run)s)", NOT_FOUND)],
    "_lock_caller_step": [Foreign("_lock_caller_step(%(caller_step)s)", NOT_FOUND)],
    "_measures": [Harmless("numbers over all tenants, no row of anybody")],
    "_note_change": [Foreign("_note_change(%(org)s, %(caller_run)s, 0, 'completed')", DENIED)],
    "_old_ending": [Harmless("computes")],
    "_refuse_missing_run": [Harmless("only raises")],
    "_refuse_own_name": [Harmless("only raises")],
    "_refuse_run_over": [Harmless("only raises")],
    "_refuse_stricter_isolation": [Harmless("only raises")],
    "_resolve_config": [Foreign("_resolve_config(%(org)s, %(workflow)s, 'web')", [({},)])],
    "_retire_due_leaves": [
        Harmless("schedules what is due by each tenant's own retention, and gives a count of partitions")
    ],
    "_run_column": [Harmless("computes")],
    "_run_comparison": [Harmless("computes")],
    "_run_condition": [Harmless("computes the text of a condition")],
    "_run_trait": [Harmless("computes")],
    "_words_of_run": [Harmless("computes")],
    "_looked_through_to": [Harmless("estimates, for the one role that reads every tenant anyway")],
    "_leaf_below": [Harmless("a bound of partitions")],
    "_words_condition": [
        Foreign(
            """_words_condition('{"words": "payroll"}', %(org)s)""",
            [
                (
                    "mainstem._words_of_run(r.external_id, r.error_message, r.input_data, r.output_data, r.context) @@ '''payroll'''::tsquery",
                )
            ],
        ),
    ],
    "_wake_parent": [Harmless("a trigger's: answers no call")],
    "_whole_below": [Harmless("a bound of partitions")],
    "_settle_keys": [Foreign(f"_settle_keys({_START}, array['started'])", DENIED)],
    "_start_runs_v1": [
        Foreign(f"(select answer from mainstem._start_runs_v1(null, {_START}))", [("no workflow",)])
    ],
    "_amend_step": [Foreign("_amend_step(%(failed_step)s, 'skipped', null, null, null, true)", NOT_FOUND)],
    "_begin_again": [Foreign("_begin_again(%(failed_run)s, null, 'out of ink')", [("",)])],
    "_lock_amendable_step": [Foreign("_lock_amendable_step(%(failed_step)s)", NOT_FOUND)],
    "_refuse_fork": [Foreign("_refuse_fork(%(engine_run)s, null, null, null)", NOT_FOUND)],
    "_refuse_retry": [
        Harmless("says no to what it is given; of a step's absence only, as whoever has none sees it")
    ],
    "_set_aside_steps": [Foreign("_set_aside_steps(%(failed_run)s, 1)", [([],)])],
    "_answers_again_v1": [ForWorkers()],
    "_begin_child_v1": [ForWorkers()],
    "_deadline_v1": [ForWorkers()],
    "_set_context_v1": [ForWorkers()],
    "_end_overdue_v1": [ForWorkers()],
    "_pause_poison_v1": [ForWorkers()],
    "_progressed_v1": [ForWorkers()],
    "_claim_v1": [ForWorkers()],
    "_close_steps_v1": [ForWorkers()],
    "_defer_v1": [ForWorkers()],
    "_due_schedules_v1": [ForWorkers()],
    "_fire_schedule_v1": [ForWorkers()],
    "_front_by_key_v1": [ForWorkers()],
    "_leave_unclaimed_v1": [ForWorkers()],
    "_may_cancel_v1": [ForWorkers()],
    "_next_schedule_in_v1": [ForWorkers()],
    "_put_off_schedule_v1": [ForWorkers()],
    "_ready_by_key_v1": [ForWorkers()],
    "_ready_of_queue_v1": [ForWorkers()],
    "_release_tick_v1": [ForWorkers()],
    "_settle_tick_v1": [ForWorkers()],
    "_take_limited_v1": [ForWorkers()],
    "_end_locked_runs_v1": [ForWorkers()],
    "_end_plain_runs_v1": [ForWorkers()],
    "_end_runs_v1": [ForWorkers()],
    "_end_stuck_backends_v1": [ForWorkers()],
    "_end_wait_v1": [ForWorkers()],
    "_fill_cached_step_v1": [ForWorkers()],
    "_flush_v1": [ForWorkers()],
    "_with_loose_ends_v1": [ForWorkers()],
    "_give_back_v1": [ForWorkers()],
    "_heartbeat_v1": [ForWorkers()],
    "_hold_parent_v1": [ForWorkers()],
    "_leave_v1": [ForWorkers()],
    "_log_events_v1": [ForWorkers()],
    "_make_workflow_leaf": [ForWorkers()],
    "_permit_in_v1": [ForWorkers()],
    "_ready_in_v1": [ForWorkers()],
    "_reap_v1": [ForWorkers()],
    "_record_steps_v1": [ForWorkers()],
    "_record_transaction_v1": [ForWorkers()],
    "_record_waits_v1": [ForWorkers()],
    "_register_worker_v1": [ForWorkers()],
    "_settle_child_v1": [ForWorkers()],
    "_settle_wait_v1": [ForWorkers()],
    "_stamp_events_v1": [ForWorkers()],
    "_take_cached_step_v1": [ForWorkers()],
    "_take_ready": [ForWorkers()],
}
