"""One row for every function and every view: how it is asked, and which leaves it may read to answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from ninety_days import ITS_DAY, NEWEST, OLDEST

Runs = Literal["a caller's", "paused", "ready", "waiting", "owned", "owned, nothing to fold"]

ITS_LEAF = frozenset({ITS_DAY})
NO_LEAF: frozenset[int] = frozenset()
EVERY_LEAF = frozenset(range(OLDEST, NEWEST + 1))


@dataclass(frozen=True)
class Asks:
    """A statement made for several live runs in turn, and the days whose leaves it reads: these and no others."""

    statement: str
    of: Runs = "a caller's"
    reads: frozenset[int] = ITS_LEAF
    role: str = "mainstem_app"
    reaches: tuple[str, ...] = ()
    """Functions that this is to come through: their rows say `Within`."""
    many: int = 1
    """How many runs each call is about: %(runs)s."""
    why: str = ""
    """Why it reads more than one leaf."""


@dataclass(frozen=True)
class Within:
    """A function that only this one calls, and that is watched there."""

    function: str


@dataclass(frozen=True)
class Apart:
    """A function that names no partitioned table, nor do the functions that it calls."""


def each(composite: str, **fields: Any) -> str:
    """An array with one record of each run that is asked about."""
    record = f"jsonb_build_object('run_id', run) || '{json.dumps({'epoch': 1} | fields)}'"
    return f"array(select jsonb_populate_record(null::mainstem.{composite}, {record}) from unnest(%(runs)s::uuid[]) run)"


def flush(*, again: bool = False, **given: str) -> str:
    kinds = {"starts": "_start_record", "steps": "_step_record", "closings": "_step_record",
             "events": "_event_record", "waits": "_wait_record", "endings": "_ending_record"}  # fmt: skip
    arrays = [given.get(name, f"array[]::mainstem.{kind}[]") for name, kind in kinds.items()]
    return (
        f"select * from mainstem._flush_v1(%(worker)s, %(flush)s, {str(again).lower()}, {', '.join(arrays)})"
    )


def start(run: str) -> str:
    """An array of one _start_record."""
    fields = {"workflow_version": 1, "channel": "web", "input_data": {}, "priority": 0, "tags": [], "is_test": False,
              "queue": "default", "request_digest": "\\x01"}  # fmt: skip
    own = (f"jsonb_build_object('run_id', {run}::text, 'org_id', %(org)s::text, 'workflow_id', %(workflow)s::text,"
           f" 'idempotency_key', %(run)s::text) || '{json.dumps(fields)}'")  # fmt: skip
    return f"array[jsonb_populate_record(null::mainstem._start_record, {own})]"


def a_schedule(overlap: str) -> str:
    """One of the run's own name, whose latest run it is."""
    return (
        "insert into mainstem.user_workflow_schedule (org_id, schedule_id, name, workflow_id, cron, overlap, last_run_id, look_at)"
        f" values (%(org)s, %(run)s, %(run)s::text, %(workflow)s, '0 6 * * *', '{overlap}', %(run)s, now()) returning schedule_id"
    )


OPENED = {
    "step_number": 3,
    "iteration": 1,
    "retry_count": 0,
    "age_us": 5,
    "status": "running",
    "node_key": "read",
}
ENDED = OPENED | {"status": "completed", "ended_us": 1, "output_data": {"pages": 3}}
WAIT = {"step_number": 4, "iteration": 1, "node_key": "wait", "suspend": True}
WORKER = "mainstem_worker"
CHILD = {
    "workflow": "intake",
    "workflow_version": 1,
    "channel": "web",
    "queue": "default",
    "priority": 0,
    "tags": [],
}
ITS_WAIT = "mainstem.user_workflow_run_step s where s.run_id = %(run)s and s.step_number = 4"
OWN_THE_CHILD = (
    "update mainstem.user_workflow_run_queue q set state = 'owned', worker_id = %(worker)s, epoch = 1"
    f" where q.run_id = (select (s.metadata ->> 'child')::uuid from {ITS_WAIT}) returning 1"
)
END_OF_THE_CHILD = (
    "array(select jsonb_populate_record(null::mainstem._ending_record, jsonb_build_object("
    f"'run_id', s.metadata ->> 'child', 'epoch', 1, 'status', 'completed')) from {ITS_WAIT})"
)

FUNCTIONS: dict[str, list[Asks | Within | Apart]] = {
    "activate_workflow_config": [Apart()],
    "activate_workflow_version": [Apart()],
    "publish_workflow_graph": [Apart()],
    "roll_back_workflow": [Apart()],
    "save_workflow_draft": [Apart()],
    "_make_version_active": [Apart()],
    "_refuse_workflow_cycle": [Apart()],
    "_write_workflow_graph": [Apart()],
    "add_workflow_event": [Asks("select mainstem.add_workflow_event(%(step)s, 'seen')")],
    "backfill_workflow_schedule": [
        Asks(a_schedule("skip") + "; select mainstem.backfill_workflow_schedule(%(run)s, array[now() - interval '1 hour'], 1)", reads=frozenset({0}),
             reaches=("_begin_firings",)),
    ],
    "answer_workflow_approval": [
        Asks("insert into mainstem.user_workflow_run_step (step_id, run_id, org_id, step_number, node_key, status)"
             " values (mainstem.step_id(%(run)s, 9), %(run)s, %(org)s, 9, 'approval:x', 'waiting') returning 1;"
             "select mainstem.answer_workflow_approval(mainstem.step_id(%(run)s, 9), '1')", of="waiting"),
    ],
    "ask_of_workflow_runs": [Asks("select * from mainstem.ask_of_workflow_runs('resume', array[%(run)s]::uuid[])", of="paused")],
    "cancel_workflow_run": [
        Asks("select mainstem.cancel_workflow_run(%(run)s)"),
        Asks("select mainstem.cancel_workflow_run(%(run)s)", of="ready"),
        Asks("select mainstem.cancel_workflow_run(%(run)s)", of="owned"),
    ],
    "cleanup_old_execution_data": [
        Asks("select * from mainstem.cleanup_old_execution_data(100000)", reads=EVERY_LEAF,
             why="which leaves are due is seen in the leaves; of each as far as the first run that stays"),
    ],
    "clear_step_cache": [Apart()],
    "clock": [Apart()],
    "complete_workflow_execution": [Asks("select mainstem.complete_workflow_execution(%(run)s, 'completed')")],
    "complete_workflow_step": [Asks("select mainstem.complete_workflow_step(%(step)s, 'completed')")],
    "create_organization": [Apart()],
    "current_org": [Apart()],
    "ensure_workflow_leaf": [
        Asks("select mainstem.ensure_workflow_leaf('2019-01-15'::timestamptz + %(flush)s * interval '1 month')", reads=NO_LEAF),
    ],
    "find_by_any_id": [
        Asks("select * from mainstem.find_by_any_id(%(run)s, null, null, '')"),
        Asks("select * from mainstem.find_by_any_id(null, null, 17, 'nobody')", reads=EVERY_LEAF,
             why="a number or a name from elsewhere may be in any; each has an index for it"),
    ],
    "find_workflow_runs": [
        Asks("""select * from mainstem.find_workflow_runs('[{"on": "created", "any": [[{"op": "<", "ago": 7344000}]]}]')""",
             reads=frozenset(range(OLDEST, -84))),
        Asks("""select * from mainstem.find_workflow_runs('[{"on": "status", "any": [[{"op": "=", "value": "timeout"}]]}]')""", reads=EVERY_LEAF,
             why="what is rare is looked for in window after window; the index of states has it"),
        Asks("""select * from mainstem.find_workflow_runs('[{"on": "steps", "any": [[{"op": ">", "value": "99"}]]}, {"on": "is", "any": [[{"value": "test"}]]}]')""",
             reads=EVERY_LEAF, why="what no index has is looked for in window after window, within a budget of time",
             reaches=("_run_condition", "_run_trait", "_run_column", "_run_comparison")),
    ],
    "first_id_at": [Apart()],
    "fork_workflow_run": [
        Asks("select mainstem.fork_workflow_run(%(run)s, 1, context => '{}')", of="paused", reads=frozenset({ITS_DAY, 0}), reaches=("_refuse_fork",),
             why="the new run begins today, and its steps and context are a tenant's only when it has it"),
    ],
    "get_active_workflow_config": [Apart()],
    "get_workflow_context": [
        Asks("select * from mainstem.get_workflow_context(%(run)s)"),
        Asks("select * from mainstem.get_workflow_context(%(run)s, 'claim')"),
    ],
    "new_run_id": [Apart()],
    "org_of_login": [Apart()],
    "pause_workflow": [Apart()],
    "edit_workflow_schedule": [Apart()],
    "put_workflow_schedule": [Apart()],
    "patch_workflow_step": [Asks("select mainstem.patch_workflow_step(mainstem.step_id(%(run)s, 2), '1')", of="paused")],
    "read_workflow_run": [
        Asks("select mainstem.read_workflow_run(%(run)s)"),
        Asks("select mainstem.read_workflow_run(%(run)s)", of="waiting", role=WORKER),
    ],
    "rebuild_workflow_queue": [
        Asks("select mainstem.rebuild_workflow_queue()", reads=EVERY_LEAF, why="it looks for what is missing, wherever it began"),
    ],
    "replace_workflow_context": [Asks("select mainstem.replace_workflow_context(%(run)s, 'claim', '2', null, true)")],
    "resolve_workflow_config": [Apart()],
    "resume_workflow": [
        Asks("select mainstem.pause_workflow(%(workflow)s); update mainstem.user_workflow_run set status = 'pending' where run_id = %(run)s"
             " returning run_id; select mainstem.resume_workflow(%(workflow)s)", of="paused"),
    ],
    "resume_workflow_run": [Asks("select mainstem.resume_workflow_run(%(run)s, true)", of="paused")],
    "retry_workflow_run": [
        Asks("select mainstem.complete_workflow_execution(%(run)s, 'failed', 'why'); select mainstem.retry_workflow_run(%(run)s)"),
        Asks("select mainstem.retry_workflow_run(%(run)s, 2)", of="paused", reaches=("_set_aside_steps", "_begin_again", "_refuse_retry")),
    ],
    "retry_workflow_step": [Asks("select mainstem.retry_workflow_step(mainstem.step_id(%(run)s, 2))")],
    "run_of": [Apart()],
    "search_workflow_runs": [
        Asks("""select * from mainstem.search_workflow_runs('{"claim": 17}')""", reads=EVERY_LEAF,
             why="a document may be in any; sealed leaves have an index for it"),
        Asks("""select * from mainstem.search_workflow_runs('{"claim": 17}', started_before => now() - interval '85 days')""",
             reads=frozenset(range(OLDEST, -83))),
    ],
    "send_workflow_signal": [Asks("select mainstem.send_workflow_signal(%(run)s, 'approved')", of="waiting")],
    "send_workflow_signal_by_key": [
        Asks("update mainstem.user_workflow_run set external_id = %(run)s::text where run_id = %(run)s returning 1;"
             "select mainstem.send_workflow_signal_by_key('intake', %(run)s::text, 'approved')", of="waiting", reads=EVERY_LEAF,
             why="a name from elsewhere may be in any; each has an index for it"),
    ],
    "set_workflow_context": [
        Asks("select mainstem.set_workflow_context(%(run)s, 'claim', '2')"),
        Asks("select mainstem.set_workflow_context(%(run)s, 'claim', '2')", of="owned"),
    ],
    "skip_workflow_step": [
        Asks("select mainstem.skip_workflow_step(mainstem.step_id(%(run)s, 2))", of="paused", reaches=("_amend_step", "_lock_amendable_step")),
    ],
    "start_workflow_execution": [
        Asks("select mainstem.start_workflow_execution(%(workflow)s, 'web', 'x', null, %(user)s)", reads=NO_LEAF),
    ],
    "start_workflow_step": [Asks("select mainstem.start_workflow_step(%(run)s, %(node)s, 3)")],
    "step_id": [Apart()],
    "step_number_of": [Apart()],
    "_amend_step": [Within("skip_workflow_step")],
    "_begin_again": [Within("retry_workflow_run")],
    "_deadline_v1": [Asks("select mainstem._deadline_v1(%(worker)s, %(run)s, 1, '1 hour')", of="owned", role=WORKER)],
    "_set_context_v1": [
        Asks("select mainstem._set_context_v1(%(worker)s, %(run)s, 1, 'claim', '2')", of="owned", role=WORKER)
    ],
    "_end_overdue_v1": [
        Asks("with due as (update mainstem.user_workflow_run_queue set deadline_at = now() where run_id = %(run)s returning 1) select count(*) from due;"
             " select mainstem._end_overdue_v1()", of="waiting", role=WORKER),
    ],
    "_lock_amendable_step": [Within("skip_workflow_step")],
    "_pause_poison_v1": [Asks("select mainstem._pause_poison_v1(%(runs)s)", of="ready", role=WORKER, many=64)],
    "_progressed_v1": [Asks("select mainstem._progressed_v1(%(runs)s)", of="ready", role=WORKER, many=64)],
    "_refuse_fork": [Within("fork_workflow_run")],
    "_refuse_retry": [Within("retry_workflow_run")],
    "_set_aside_steps": [Within("retry_workflow_run")],
    "_answers_again_v1": [Within("_flush_v1")],
    "_begin_firings": [Within("_fire_schedule_v1")],
    "_begin_child_v1": [Within("_flush_v1")],
    "_caller_of_key": [Apart()],
    "_cancel_children": [Asks("select mainstem._cancel_children(%(run)s, 'why')", of="waiting")],
    "_claim_v1": [
        Asks("select * from mainstem._claim_v1(%(worker)s, %(runs)s::text[], 64, array_fill(null::integer, array[64]),"
             " array_fill(null::timestamptz, array[64]))", of="ready", role=WORKER, many=64),
    ],
    "_close_steps_v1": [Within("_flush_v1")],
    "_deep_merge": [Apart()],
    "_due_schedules_v1": [Apart()],
    "_deliver_signal": [Apart()],
    "_event_id": [Apart()],
    "_defer_v1": [Asks("select mainstem._defer_v1(%(worker)s, %(runs)s, '1 minute')", of="owned", role=WORKER, many=64)],
    "_delete_runs": [Asks("select * from mainstem._delete_runs(%(runs)s)", role=WORKER, many=64)],
    "_end_locked_runs_v1": [Within("_flush_v1")],
    "_end_plain_runs_v1": [Within("_flush_v1")],
    "_end_runs_v1": [Within("_flush_v1")],
    "_end_stuck_backends_v1": [Apart()],
    "_end_wait_v1": [Within("_flush_v1")],
    "_fill_cached_step_v1": [Apart()],
    "_flush_v1": [
        Asks(flush(steps=each("_step_record", **ENDED)), of="owned", reads=NO_LEAF, role=WORKER, many=64, reaches=("_record_steps_v1",)),
        Asks(flush(steps=each("_step_record", **OPENED), events=each("_event_record", step_number=3, age_us=1, event_type="seen")),
             of="owned", reads=NO_LEAF, role=WORKER, many=64, reaches=("_record_steps_v1", "_log_events_v1")),
        Asks(flush(closings=each("_step_record", **ENDED | {"step_number": 1})), of="owned", role=WORKER, many=64,
             reaches=("_close_steps_v1", "_fold_events")),
        Asks(flush(waits=each("_wait_record", kind="signal", signal="approved", **WAIT)), of="owned", role=WORKER, many=64,
             reaches=("_record_waits_v1", "_settle_wait_v1")),
        Asks(flush(waits=each("_wait_record", kind="sleep", timeout_us=0, **WAIT)), of="owned", role=WORKER, many=64, reaches=("_end_wait_v1",)),
        Asks(flush(waits=each("_wait_record", kind="child", given=CHILD, **WAIT)) + ";" + OWN_THE_CHILD + ";" + flush(endings=END_OF_THE_CHILD),
             of="owned", role=WORKER, reads=frozenset({0, ITS_DAY}),
             reaches=("_settle_child_v1", "_begin_child_v1", "_hold_parent_v1", "_wake_parent")),
        Asks(flush(endings=each("_ending_record", status="completed", output_data=1)), of="owned", role=WORKER, many=64,
             reaches=("_end_runs_v1", "_end_locked_runs_v1", "_fold_run")),
        Asks(flush(endings=each("_ending_record", status="completed", output_data=1)), of="owned, nothing to fold", role=WORKER, many=64,
             reaches=("_end_runs_v1", "_end_plain_runs_v1")),
        Asks(flush(endings=each("_ending_record", status="paused", error_message="stopped")), of="owned", role=WORKER, many=64,
             reaches=("_end_locked_runs_v1",)),
        Asks(flush(starts=start("mainstem.new_run_id()")), reads=NO_LEAF, role=WORKER,
             reaches=("_start_runs_v1", "_settle_keys", "_insert_runs")),
        Asks(flush(closings=each("_step_record", **ENDED | {"step_number": 1}),
                   waits=each("_wait_record", kind="signal", signal="approved", **WAIT)) + ";"
             + flush(closings=each("_step_record", **ENDED | {"step_number": 1}),
                     waits=each("_wait_record", kind="signal", signal="approved", **WAIT), again=True),
             of="owned", role=WORKER, many=64, reaches=("_answers_again_v1",)),
    ],
    "_fire_schedule_v1": [
        Asks(a_schedule("cancel") + "; select mainstem._fire_schedule_v1(%(org)s, %(run)s, null, array[now()], 0, null, null)", of="ready", role=WORKER,
             reaches=("_may_cancel_v1", "_settle_tick_v1", "_begin_firings", "_release_tick_v1")),
    ],
    "_fold_events": [Asks("select mainstem._fold_events(%(run)s, 1)", role=WORKER)],
    "_fold_run": [Asks("select mainstem._fold_run(%(run)s, 'cancelled', null, null, null, null, null)", role=WORKER)],
    "_front_by_key_v1": [Apart()],
    "_give_back_v1": [Apart()],
    "_guard_run": [Apart()],
    "_guard_step": [Apart()],
    "_heartbeat_v1": [Apart()],
    "_hold_parent_v1": [Within("_flush_v1")],
    "_insert_runs": [Within("_flush_v1")],
    "_is_run_of": [Asks("select mainstem._is_run_of(%(run)s, %(org)s)")],
    "_leave_unclaimed_v1": [
        Asks("update mainstem.user_workflow set status = 'paused' where workflow_id = %(workflow)s returning name;"
             "select mainstem._leave_unclaimed_v1(%(runs)s, now());"
             "update mainstem.user_workflow set status = 'active' where workflow_id = %(workflow)s returning name", of="owned", role=WORKER, many=64),
    ],
    "_leave_v1": [Apart()],
    "_lock_caller_run": [Asks("select * from mainstem._lock_caller_run(%(run)s)")],
    "_lock_caller_step": [Asks("select * from mainstem._lock_caller_step(%(step)s)")],
    "_log_events_v1": [Within("_flush_v1")],
    "_make_workflow_leaf": [
        Asks("select mainstem._make_workflow_leaf('2018-01-01'::timestamptz + %(flush)s * interval '1 day',"
             " '2018-01-02'::timestamptz + %(flush)s * interval '1 day')", reads=NO_LEAF, role="mainstem_owner"),
    ],
    "_measures": [Apart()],
    "_may_cancel_v1": [Within("_fire_schedule_v1")],
    "_next_schedule_in_v1": [Apart()],
    "_note_change": [Apart()],
    "_old_ending": [Apart()],
    "_put_off_schedule_v1": [Apart()],
    "_ready_by_key_v1": [Apart()],
    "_ready_of_queue_v1": [Apart()],
    "_permit_in_v1": [Apart()],
    "_ready_in_v1": [Apart()],
    "_reap_v1": [
        Asks("with lost as (update mainstem.user_workflow_run_queue set worker_id = gen_random_uuid(), attempt = 2 where run_id = %(run)s returning 1)"
             " select count(*) from lost; select * from mainstem._reap_v1()", of="owned", role=WORKER, reaches=("_progressed_v1", "_pause_poison_v1")),
    ],
    "_record_steps_v1": [Within("_flush_v1")],
    "_record_transaction_v1": [
        Asks(f"select mainstem._record_transaction_v1(%(worker)s, ({each('_step_record', **ENDED)})[1])", of="owned", role=WORKER),
    ],
    "_record_waits_v1": [Within("_flush_v1")],
    "_release_tick_v1": [Within("_fire_schedule_v1")],
    "_refuse_missing_run": [Apart()],
    "_refuse_own_name": [Apart()],
    "_refuse_run_over": [Apart()],
    "_refuse_stricter_isolation": [Apart()],
    "_register_worker_v1": [Apart()],
    "_resolve_config": [Apart()],
    "_retire_due_leaves": [
        Asks("select mainstem._retire_due_leaves()", reads=EVERY_LEAF,
             why="which leaves are due is seen in the leaves; of each as far as the first run that stays"),
    ],
    "_run_column": [Within("find_workflow_runs")],
    "_run_comparison": [Within("find_workflow_runs")],
    "_run_condition": [Within("find_workflow_runs")],
    "_run_trait": [Within("find_workflow_runs")],
    "_words_of_run": [Apart()],
    "_looked_through_to": [Apart()],
    "_leaf_below": [Apart()],
    "_wake_parent": [Within("_flush_v1")],
    "_whole_below": [Apart()],
    "_words_condition": [Apart()],
    "_settle_keys": [Within("_flush_v1")],
    "_settle_tick_v1": [Within("_fire_schedule_v1")],
    "_settle_child_v1": [Within("_flush_v1")],
    "_settle_wait_v1": [Within("_flush_v1")],
    "_stamp_events_v1": [Apart()],
    "_start_runs_v1": [
        Asks(f"select * from mainstem._start_runs_v1(null, {start('mainstem.new_run_id()')})", reads=frozenset({0}),
             reaches=("_settle_keys", "_insert_runs")),
    ],
    "_take_cached_step_v1": [Apart()],
    "_take_limited_v1": [Apart()],
    "_take_ready": [Apart()],
    "_with_loose_ends_v1": [
        Asks("select mainstem._with_loose_ends_v1(%(runs)s)", of="owned", role=WORKER, many=64),
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Lists:
    """A question about many runs. Of these leaves it may read every row; of the others only what an index finds."""

    query: str
    days: frozenset[int]


def last(days: int) -> frozenset[int]:
    return frozenset(range(-days, NEWEST + 1))


VIEWS: dict[str, list[Asks | Lists]] = {
    "v_active_workflow_configs": [
        Asks("select * from mainstem.v_active_workflow_configs where workflow_id = %(workflow)s", reads=NO_LEAF)],
    "v_failed_steps_analysis": [
        Lists("select * from mainstem.v_failed_steps_analysis where workflow_id = %(workflow)s", last(7)),
        Asks("select * from mainstem.v_failed_steps_analysis where run_id = %(run)s"),
    ],
    "v_node_execution_stats": [
        Lists("select * from mainstem.v_node_execution_stats where workflow_id = %(workflow)s", last(30))],
    "v_workflow_channel_performance": [
        Lists("select * from mainstem.v_workflow_channel_performance where workflow_id = %(workflow)s", last(30))],
    "v_workflow_execution_summary": [
        Lists("select * from mainstem.v_workflow_execution_summary where workflow_id = %(workflow)s"
              " order by start_time desc limit 10", last(1)),
        Asks("select * from mainstem.v_workflow_execution_summary where run_id = %(run)s"),
        Asks("select * from mainstem.v_workflow_execution_summary where run_id = any(array[%(run)s::uuid])"),
    ],
    "v_workflow_execution_timeline": [
        Asks("select * from mainstem.v_workflow_execution_timeline where run_id = %(run)s"),
        Asks("select * from mainstem.v_workflow_execution_timeline where run_id = any(array[%(run)s::uuid])"),
    ],
    "v_workflow_usage": [
        Lists("select * from mainstem.v_workflow_usage where workflow_id = %(workflow)s", last(30))],
}  # fmt: skip
