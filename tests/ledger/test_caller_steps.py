"""Steps that callers move: begin, end, retry, and what stays of an attempt that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from callers import Caller

from mainstem.ids import new_run_id, step_id

pytest_plugins = ["shared_ledger"]


def failed_step(caller: Caller) -> tuple[UUID, UUID]:
    """A run and its failed first step."""
    run_id = caller.start_run()
    step = caller.start_step(run_id, 1, '{"member": 7}')
    caller.call("complete_workflow_step", step, "failed", '{"seen": 3}', "the service was away")
    return run_id, step


def test_a_step_is_running_until_it_ends_with_its_output(caller: Caller) -> None:
    step = caller.start_step(caller.start_run(), 3, '{"page": 1}')
    begun = caller.step(step)
    assert (begun["status"], begun["step_number"], begun["retry_count"], begun["iteration"]) == (
        "running",
        3,
        0,
        1,
    )
    assert (begun["input_data"], begun["ended_at"], begun["org_id"]) == (
        {"page": 1},
        None,
        caller.tenant.org_id,
    )
    caller.call("complete_workflow_step", step, "completed", '{"text": "ok"}')
    ended = caller.step(step)
    assert (ended["status"], ended["output_data"], ended["error_message"]) == (
        "completed",
        {"text": "ok"},
        None,
    )
    assert ended["ended_at"] >= ended["started_at"] == begun["started_at"]


def test_a_step_number_is_given_once(caller: Caller) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id, 1, '"first"')
    assert caller.refusal("start_workflow_step", run_id, caller.tenant.node_id, 1, '"second"') == "MS004"
    assert caller.step(step)["input_data"] == "first"


def test_a_step_belongs_to_a_node_of_the_runs_own_workflow(caller: Caller, stranger: Caller) -> None:
    run_id = caller.start_run()
    elsewhere = uuid4()
    caller.database.rows(
        "with another as (insert into mainstem.user_workflow (org_id, name) values (%s, 'another') returning *)"
        " insert into mainstem.user_workflow_node (org_id, node_id, workflow_id, label)"
        " select org_id, %s, workflow_id, 'Elsewhere' from another returning node_id",
        caller.tenant.org_id,
        elsewhere,
    )
    for node in (uuid4(), elsewhere, stranger.tenant.node_id, None):
        assert caller.refusal("start_workflow_step", run_id, node, 1) == "MS001"


def test_the_first_ending_of_a_step_stands(caller: Caller) -> None:
    run_id = caller.start_run()
    for number, ending in enumerate(("completed", "failed", "skipped", "cancelled"), 1):
        step = caller.start_step(run_id, number)
        caller.call("complete_workflow_step", step, ending, '"first"')
        ended = caller.step(step)
        assert ended["status"] == ending
        for another in ("completed", "failed", "skipped", "cancelled"):
            assert caller.refusal("complete_workflow_step", step, another, '"second"') == "MS005"
        assert caller.refusal("add_workflow_event", step, "afterthought") == "MS005"
        assert caller.step(step) == ended


def test_a_step_ends_only_in_an_ending(caller: Caller) -> None:
    step = caller.start_step(caller.start_run())
    for no_ending in ("pending", "running", "waiting", "timeout", "done", None):
        assert caller.refusal("complete_workflow_step", step, no_ending) == "MS006", no_ending


def test_a_step_that_failed_without_a_reason_says_so(caller: Caller) -> None:
    step = caller.start_step(caller.start_run())
    caller.call("complete_workflow_step", step, "failed")
    assert caller.step(step)["error_message"] == "no reason was given"


def test_a_step_that_nobody_has_is_not_found(caller: Caller, stranger: Caller) -> None:
    foreign = stranger.start_step(stranger.start_run())
    run_id = caller.start_run()
    for step in (step_id(run_id, 9), step_id(new_run_id(), 1), foreign, None):
        assert caller.refusal("complete_workflow_step", step, "completed") == "MS001"
        assert caller.refusal("retry_workflow_step", step) == "MS001"
        assert caller.refusal("add_workflow_event", step, "note") == "MS001"
    assert stranger.step(foreign)["status"] == "running"


def test_a_failed_attempt_survives_the_retry_in_the_steps_events(caller: Caller) -> None:
    _, step = failed_step(caller)
    before = caller.step(step)
    caller.clock.advance(seconds=60)
    caller.call("retry_workflow_step", step)
    again = caller.step(step)
    assert (again["status"], again["retry_count"], again["input_data"]) == ("running", 1, {"member": 7})
    assert (again["output_data"], again["error_message"], again["ended_at"], again["duration_ms"]) == (
        None,
    ) * 4
    assert again["started_at"] > before["ended_at"]
    [kept] = again["events"]
    assert kept["event_type"] == "step_retried"
    attempt = kept["event_data"]
    assert (attempt["retry_count"], attempt["error_message"], attempt["output_data"]) == (
        0,
        "the service was away",
        {"seen": 3},
    )
    assert datetime.fromisoformat(attempt["started_at"]) == before["started_at"]
    assert datetime.fromisoformat(attempt["ended_at"]) == before["ended_at"]


def test_a_retry_may_bring_new_input_and_each_failed_attempt_is_kept_in_order(caller: Caller) -> None:
    _, step = failed_step(caller)
    caller.call("retry_workflow_step", step, '{"member": 8}')
    caller.call("add_workflow_event", step, "called_back")
    caller.call("complete_workflow_step", step, "failed", None, "it was away again")
    caller.call("retry_workflow_step", step)
    caller.call("complete_workflow_step", step, "completed", '"active"')
    ended = caller.step(step)
    assert (ended["status"], ended["retry_count"], ended["input_data"]) == ("completed", 2, {"member": 8})
    assert [event["event_type"] for event in ended["events"]] == [
        "step_retried",
        "called_back",
        "step_retried",
    ]
    assert [event["event_data"].get("error_message") for event in ended["events"]] == [
        "the service was away", None, "it was away again",
    ]  # fmt: skip


def test_only_a_failed_step_is_retried(caller: Caller) -> None:
    run_id = caller.start_run()
    running = caller.start_step(run_id, 1)
    assert caller.refusal("retry_workflow_step", running) == "MS006"
    for number, ending in enumerate(("completed", "skipped", "cancelled"), 2):
        step = caller.start_step(run_id, number)
        caller.call("complete_workflow_step", step, ending)
        assert caller.refusal("retry_workflow_step", step) == "MS006"


def test_a_retry_takes_a_failed_run_back_and_keeps_its_old_ending(caller: Caller) -> None:
    for ending in ("failed", "timeout"):
        run_id, step = failed_step(caller)
        caller.call("complete_workflow_execution", run_id, ending, "step 1 failed")
        ended = caller.run(run_id)
        caller.call("retry_workflow_step", step)
        back = caller.run(run_id)
        assert (back["status"], back["ended_at"], back["duration_ms"], back["error_message"]) == (
            "running",
            None,
            None,
            None,
        )
        [kept] = back["events"]
        assert (kept["event_type"], kept["event_data"]["status"]) == ("run_retried", ending)
        assert kept["event_data"]["error_message"] == "step 1 failed"
        assert datetime.fromisoformat(kept["event_data"]["ended_at"]) == ended["ended_at"]
        caller.call("complete_workflow_step", step, "completed")
        caller.call("complete_workflow_execution", run_id, "completed")
        assert caller.run(run_id)["status"] == "completed"
        assert caller.run(run_id)["events"] == [kept]


def test_a_run_that_completed_or_was_cancelled_is_not_taken_back(caller: Caller) -> None:
    for ending in ("completed", "cancelled"):
        run_id, step = failed_step(caller)
        caller.call("complete_workflow_execution", run_id, ending)
        assert caller.refusal("retry_workflow_step", step) == "MS003"
        assert caller.step(step)["status"] == "failed"


def test_a_steps_tenant_is_the_runs_and_never_the_callers_word(caller: Caller, stranger: Caller) -> None:
    """A worker sees every tenant: what it starts for a run belongs to the run's."""
    worker = replace(stranger, conn=caller.database.connect("mainstem_worker", caller.tenant.org_id))
    step = worker.start_step(stranger.start_run())
    assert stranger.step(step)["org_id"] == stranger.tenant.org_id
