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

FUNCTIONS: dict[str, list[Asks | Within | Apart]] = {
    "activate_workflow_config": [Apart()],
    "add_workflow_event": [Asks("select mainstem.add_workflow_event(%(step)s, 'seen')")],
    "cancel_workflow_run": [
        Asks("select mainstem.cancel_workflow_run(%(run)s)"),
        Asks("select mainstem.cancel_workflow_run(%(run)s)", of="ready"),
        Asks("select mainstem.cancel_workflow_run(%(run)s)", of="owned"),
    ],
    "cleanup_old_execution_data": [
        Asks("select * from mainstem.cleanup_old_execution_data(100000)", reads=EVERY_LEAF,
             why="which leaves are due is seen in the leaves; of each as far as the first run that stays"),
    ],
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
    "get_active_workflow_config": [Apart()],
    "get_workflow_context": [
        Asks("select * from mainstem.get_workflow_context(%(run)s)"),
        Asks("select * from mainstem.get_workflow_context(%(run)s, 'claim')"),
    ],
    "new_run_id": [Apart()],
    "org_of_login": [Apart()],
    "read_workflow_run": [
        Asks("select mainstem.read_workflow_run(%(run)s)"),
        Asks("select mainstem.read_workflow_run(%(run)s)", of="waiting", role=WORKER),
    ],
    "rebuild_workflow_queue": [
        Asks("select mainstem.rebuild_workflow_queue()", reads=EVERY_LEAF, why="it looks for what is missing, wherever it began"),
    ],
    "replace_workflow_context": [Asks("select mainstem.replace_workflow_context(%(run)s, 'claim', '2', null, true)")],
    "resolve_workflow_config": [Apart()],
    "resume_workflow_run": [Asks("select mainstem.resume_workflow_run(%(run)s)", of="paused")],
    "retry_workflow_run": [
        Asks("select mainstem.complete_workflow_execution(%(run)s, 'failed', 'why'); select mainstem.retry_workflow_run(%(run)s)"),
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
    "set_workflow_context": [
        Asks("select mainstem.set_workflow_context(%(run)s, 'claim', '2')"),
        Asks("select mainstem.set_workflow_context(%(run)s, 'claim', '2')", of="owned"),
    ],
    "start_workflow_execution": [
        Asks("select mainstem.start_workflow_execution(%(workflow)s, 'web', 'x', null, %(user)s)", reads=NO_LEAF),
    ],
    "start_workflow_step": [Asks("select mainstem.start_workflow_step(%(run)s, %(node)s, 3)")],
    "step_id": [Apart()],
    "step_number_of": [Apart()],
    "_answers_again_v1": [Within("_flush_v1")],
    "_caller_of_key": [Apart()],
    "_claim_v1": [
        Asks("select * from mainstem._claim_v1(%(worker)s, %(runs)s::text[], 64, array_fill(null::integer, array[64]),"
             " array_fill(null::timestamptz, array[64]))", of="ready", role=WORKER, many=64),
    ],
    "_close_steps_v1": [Within("_flush_v1")],
    "_deep_merge": [Apart()],
    "_event_id": [Apart()],
    "_defer_v1": [Asks("select mainstem._defer_v1(%(worker)s, %(runs)s, '1 minute')", of="owned", role=WORKER, many=64)],
    "_delete_runs": [Asks("select * from mainstem._delete_runs(%(runs)s)", role=WORKER, many=64)],
    "_end_locked_runs_v1": [Within("_flush_v1")],
    "_end_plain_runs_v1": [Within("_flush_v1")],
    "_end_runs_v1": [Within("_flush_v1")],
    "_end_stuck_backends_v1": [Apart()],
    "_end_wait_v1": [Within("_flush_v1")],
    "_flush_v1": [
        Asks(flush(steps=each("_step_record", **ENDED)), of="owned", reads=NO_LEAF, role=WORKER, many=64, reaches=("_record_steps_v1",)),
        Asks(flush(steps=each("_step_record", **OPENED), events=each("_event_record", step_number=3, age_us=1, event_type="seen")),
             of="owned", reads=NO_LEAF, role=WORKER, many=64, reaches=("_record_steps_v1", "_log_events_v1")),
        Asks(flush(closings=each("_step_record", **ENDED | {"step_number": 1})), of="owned", role=WORKER, many=64,
             reaches=("_close_steps_v1", "_fold_events")),
        Asks(flush(waits=each("_wait_record", kind="signal", signal="approved", **WAIT)), of="owned", role=WORKER, many=64,
             reaches=("_record_waits_v1", "_settle_wait_v1")),
        Asks(flush(waits=each("_wait_record", kind="sleep", timeout_us=0, **WAIT)), of="owned", role=WORKER, many=64, reaches=("_end_wait_v1",)),
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
    "_fold_events": [Asks("select mainstem._fold_events(%(run)s, 1)", role=WORKER)],
    "_fold_run": [Asks("select mainstem._fold_run(%(run)s, 'cancelled', null, null, null, null, null)", role=WORKER)],
    "_give_back_v1": [Apart()],
    "_guard_run": [Apart()],
    "_guard_step": [Apart()],
    "_heartbeat_v1": [Apart()],
    "_insert_runs": [Within("_flush_v1")],
    "_is_run_of": [Asks("select mainstem._is_run_of(%(run)s, %(org)s)")],
    "_leave_v1": [Apart()],
    "_lock_caller_run": [Asks("select * from mainstem._lock_caller_run(%(run)s)")],
    "_lock_caller_step": [Asks("select * from mainstem._lock_caller_step(%(step)s)")],
    "_log_events_v1": [Within("_flush_v1")],
    "_make_workflow_leaf": [
        Asks("select mainstem._make_workflow_leaf('2018-01-01'::timestamptz + %(flush)s * interval '1 day',"
             " '2018-01-02'::timestamptz + %(flush)s * interval '1 day')", reads=NO_LEAF, role="mainstem_owner"),
    ],
    "_measures": [Apart()],
    "_note_change": [Apart()],
    "_old_ending": [Apart()],
    "_ready_in_v1": [Apart()],
    "_reap_v1": [Apart()],
    "_record_steps_v1": [Within("_flush_v1")],
    "_record_waits_v1": [Within("_flush_v1")],
    "_refuse_missing_run": [Apart()],
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
    "_costs_little": [Apart()],
    "_leaf_below": [Apart()],
    "_whole_below": [Apart()],
    "_words_condition": [Apart()],
    "_settle_keys": [Within("_flush_v1")],
    "_settle_wait_v1": [Within("_flush_v1")],
    "_stamp_events_v1": [Apart()],
    "_start_runs_v1": [
        Asks(f"select * from mainstem._start_runs_v1(null, {start('mainstem.new_run_id()')})", reads=frozenset({0}),
             reaches=("_settle_keys", "_insert_runs")),
    ],
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
}  # fmt: skip
