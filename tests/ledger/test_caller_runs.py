"""Runs that their callers move: how they begin and end, and what is refused meanwhile."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from callers import Caller

from mainstem.ids import new_run_id, step_id

pytest_plugins = ["shared_ledger"]


def test_a_run_begins_as_running_with_what_it_was_given(caller: Caller) -> None:
    run_id = caller.call(
        "start_workflow_execution",
        caller.tenant.workflow_id,
        "voice",
        "CALL-7",
        '{"tier": 2}',
        caller.tenant.user_id,
    )
    run = caller.run(run_id)
    assert (run["status"], run["driver"], run["channel"], run["external_id"]) == (
        "running",
        "caller",
        "voice",
        "CALL-7",
    )
    assert (run["config_snapshot"], run["created_by"], run["org_id"]) == (
        {"tier": 2},
        caller.tenant.user_id,
        caller.tenant.org_id,
    )
    assert run["started_at"] is not None
    assert (run["ended_at"], run["duration_ms"]) == (None, None)


def test_each_start_begins_another_run_as_an_external_id_is_no_key(caller: Caller) -> None:
    assert caller.start_run(external_id="EXT-1") != caller.start_run(external_id="EXT-1")


def test_a_run_is_not_begun_for_a_workflow_a_channel_or_a_user_that_is_not_the_tenants(
    caller: Caller, stranger: Caller
) -> None:
    start = "start_workflow_execution"
    assert caller.refusal(start, uuid4(), "web", None, None, None) == "MS001"
    assert caller.refusal(start, None, "web", None, None, None) == "MS001"
    assert caller.refusal(start, stranger.tenant.workflow_id, "web", None, None, None) == "MS001"
    assert caller.refusal(start, caller.tenant.workflow_id, "fax", None, None, None) == "MS010"
    assert caller.refusal(start, caller.tenant.workflow_id, None, None, None, None) == "MS010"
    assert caller.refusal(start, caller.tenant.workflow_id, "web", None, None, uuid4()) == "MS001"
    assert (
        caller.refusal(start, caller.tenant.workflow_id, "web", None, None, stranger.tenant.user_id)
        == "MS001"
    )
    assert caller.rows("select * from mainstem.user_workflow_run") == []


def test_a_new_channel_is_a_row_and_no_migration(caller: Caller) -> None:
    caller.conn.execute(
        "insert into mainstem.user_workflow_channel (org_id, channel) values (%s, 'sms')",
        [caller.tenant.org_id],
    )
    assert caller.run(caller.start_run(channel="sms"))["channel"] == "sms"


@pytest.mark.parametrize("ending", ["completed", "failed", "cancelled", "timeout"])
def test_the_first_ending_of_a_run_stands(caller: Caller, ending: str) -> None:
    run_id = caller.start_run()
    caller.call("complete_workflow_execution", run_id, ending, "as it went")
    ended = caller.run(run_id)
    assert (ended["status"], ended["error_message"]) == (ending, "as it went")
    for another in ("completed", "failed", "cancelled", "timeout"):
        assert caller.refusal("complete_workflow_execution", run_id, another, "again") == "MS003"
    assert caller.refusal("cancel_workflow_run", run_id) == "MS003"
    assert caller.refusal("add_workflow_event", run_id, "note") == "MS003"
    assert caller.refusal("set_workflow_context", run_id, "key", "1") == "MS003"
    assert caller.refusal("start_workflow_step", run_id, caller.tenant.node_id, 1) == "MS003"
    assert caller.run(run_id) == ended


def test_a_run_ends_only_in_an_ending(caller: Caller) -> None:
    run_id = caller.start_run()
    for no_ending in ("pending", "running", "waiting", "paused", "done", None):
        assert caller.refusal("complete_workflow_execution", run_id, no_ending) == "MS006", no_ending
    assert caller.run(run_id)["status"] == "running"


def test_a_run_that_failed_without_a_reason_says_so(caller: Caller) -> None:
    run_id = caller.start_run()
    caller.call("complete_workflow_execution", run_id, "failed")
    assert caller.run(run_id)["error_message"] == "no reason was given"


def test_a_run_that_nobody_has_is_not_found_by_any_function(caller: Caller, stranger: Caller) -> None:
    foreign = stranger.start_run()
    for run_id in (new_run_id(), foreign, None):
        assert caller.refusal("complete_workflow_execution", run_id, "completed") == "MS001"
        assert caller.refusal("start_workflow_step", run_id, caller.tenant.node_id, 1) == "MS001"
        assert caller.refusal("set_workflow_context", run_id, "key", "1") == "MS001"
        assert caller.refusal("add_workflow_event", run_id, "note") == "MS001"
        assert caller.refusal("cancel_workflow_run", run_id) == "MS001"
        assert caller.refusal("send_workflow_signal", run_id, "go") == "MS001"
        assert caller.refusal("resume_workflow_run", run_id) == "MS001"
        assert caller.rows("select * from mainstem.get_workflow_context(%s)", run_id) == []
        assert caller.call("read_workflow_run", run_id) is None
    assert stranger.run(foreign)["status"] == "running"


async def test_a_run_that_the_engine_moves_takes_requests_and_no_writes(caller: Caller) -> None:
    async with caller.client() as ms:
        run_id = (await ms.start("intake")).run_id
    step = step_id(run_id, 1)
    assert caller.refusal("complete_workflow_execution", run_id, "completed") == "MS009"
    assert caller.refusal("start_workflow_step", run_id, caller.tenant.node_id, 1) == "MS009"
    assert caller.refusal("complete_workflow_step", step, "completed") == "MS009"
    assert caller.refusal("retry_workflow_step", step) == "MS009"
    assert caller.refusal("add_workflow_event", run_id, "note") == "MS009"
    caller.call("set_workflow_context", run_id, "key", "1")
    assert caller.call("cancel_workflow_run", run_id) == "cancelled"


def test_nothing_waits_in_a_run_of_a_caller_so_it_takes_no_signal(caller: Caller) -> None:
    assert caller.refusal("send_workflow_signal", caller.start_run(), "go") == "MS009"


def test_a_callers_run_is_cancelled_at_once_with_the_reason(caller: Caller) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    assert caller.call("cancel_workflow_run", run_id, "the member withdrew") == "cancelled"
    run = caller.run(run_id)
    assert (run["status"], run["error_message"]) == ("cancelled", "the member withdrew")
    assert caller.step(step)["status"] == "cancelled"


def test_the_steps_that_are_open_when_a_run_ends_are_cancelled_and_the_others_stay(caller: Caller) -> None:
    run_id = caller.start_run()
    done, failed, first_open, second_open = (caller.start_step(run_id, number) for number in (1, 2, 3, 4))
    caller.call("complete_workflow_step", done, "completed", '"fine"')
    caller.call("complete_workflow_step", failed, "failed", None, "no such member")
    caller.call("add_workflow_event", first_open, "half_way")
    caller.call("complete_workflow_execution", run_id, "completed")
    for step in (first_open, second_open):
        ended = caller.step(step)
        assert (ended["status"], ended["error_message"]) == ("cancelled", "the run ended first")
        assert ended["ended_at"] >= ended["started_at"]
    assert [event["event_type"] for event in caller.step(first_open)["events"]] == ["half_way"]
    assert (caller.step(done)["status"], caller.step(failed)["status"]) == ("completed", "failed")


def test_durations_come_from_the_clock_and_not_from_the_start_of_the_transaction(caller: Caller) -> None:
    with caller.conn.transaction():
        run_id = caller.start_run()
        step = caller.start_step(run_id)
        caller.clock.advance(seconds=2)
        caller.call("complete_workflow_step", step, "completed")
        caller.clock.advance(seconds=1)
        caller.call("complete_workflow_execution", run_id, "completed")
    assert caller.step(step)["duration_ms"] >= 2000
    assert caller.run(run_id)["duration_ms"] >= caller.step(step)["duration_ms"] + 1000
    assert caller.run(run_id)["ended_at"] > caller.step(step)["ended_at"] > caller.step(step)["started_at"]


def test_a_run_may_last_longer_than_an_integer_of_milliseconds_holds(caller: Caller) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    caller.clock.advance(days=40)
    caller.call("complete_workflow_step", step, "completed")
    caller.call("complete_workflow_execution", run_id, "completed")
    assert caller.step(step)["duration_ms"] > 2**31
    assert caller.run(run_id)["duration_ms"] > 2**31


def test_a_run_whose_workflow_is_to_be_deleted_keeps_it(caller: Caller) -> None:
    caller.start_run()
    caller.conn.execute("delete from mainstem.user_workflow_node")
    with pytest.raises(psycopg.IntegrityError):
        caller.conn.execute(
            "delete from mainstem.user_workflow where workflow_id = %s", [caller.tenant.workflow_id]
        )
