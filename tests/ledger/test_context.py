"""A run's context: live keys and folded ones read as one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from callers import Caller

pytest_plugins = ["shared_ledger"]


def context(caller: Caller, run_id: UUID, *key: str) -> list[dict[str, Any]]:
    return caller.rows(f"select * from mainstem.get_workflow_context(%s{', %s' * len(key)})", run_id, *key)


def test_a_key_that_is_set_again_keeps_when_it_was_created(caller: Caller) -> None:
    run_id = caller.start_run()
    caller.call("set_workflow_context", run_id, "member", '{"id": 7, "name": "Ann"}')
    [first] = context(caller, run_id)
    caller.clock.advance(seconds=5)
    caller.call("set_workflow_context", run_id, "member", '{"id": 8}')
    [second] = context(caller, run_id)
    assert (first["key"], second["value"]) == ("member", {"id": 8}), "the whole value is replaced"
    assert first["created_at"] == first["updated_at"] == second["created_at"]
    assert (second["updated_at"] - second["created_at"]).total_seconds() >= 5


def test_keys_come_by_name_all_or_one(caller: Caller) -> None:
    run_id = caller.start_run()
    for key in ("plan", "Zone", "member", "a b/ü"):
        caller.call("set_workflow_context", run_id, key, f'"{key}"')
    keys = [row["key"] for row in context(caller, run_id)]
    assert sorted(keys) == sorted(["plan", "Zone", "member", "a b/ü"])
    assert keys == [
        row["key"]
        for row in caller.rows("select * from mainstem.get_workflow_context(%s) order by key", run_id)
    ]
    assert [row["value"] for row in context(caller, run_id, "plan")] == ["plan"]
    assert context(caller, run_id, "nothing") == []


def test_context_reads_the_same_before_and_after_the_end_of_its_run(caller: Caller) -> None:
    run_id = caller.start_run()
    caller.call("set_workflow_context", run_id, "member", '{"id": 7}')
    caller.call("set_workflow_context", run_id, "nothing", "null")
    caller.clock.advance(seconds=3)
    caller.call("set_workflow_context", run_id, "member", '{"id": 8}')
    live = context(caller, run_id)
    one = context(caller, run_id, "member")
    caller.call("complete_workflow_execution", run_id, "completed")
    assert context(caller, run_id) == live
    assert context(caller, run_id, "member") == one
    assert caller.run(run_id)["context"] == {"member": {"id": 8}, "nothing": None}
    assert caller.rows("select * from mainstem.user_workflow_run_context") == []


def test_a_run_that_is_taken_back_goes_on_with_its_context(caller: Caller) -> None:
    run_id = caller.start_run()
    step = caller.start_step(run_id)
    for key in ("member", "plan"):
        caller.call("set_workflow_context", run_id, key, '"before"')
    caller.call("complete_workflow_step", step, "failed")
    caller.call("complete_workflow_execution", run_id, "failed")
    before = {row["key"]: row for row in context(caller, run_id)}
    caller.clock.advance(seconds=60)
    caller.call("retry_workflow_step", step)
    caller.call("set_workflow_context", run_id, "member", '"after"')
    caller.call("set_workflow_context", run_id, "zone", '"new"')
    live = {row["key"]: row for row in context(caller, run_id)}
    assert {key: row["value"] for key, row in live.items()} == {
        "member": "after",
        "plan": "before",
        "zone": "new",
    }
    assert live["plan"] == before["plan"]
    assert live["member"]["created_at"] == before["member"]["created_at"] < live["member"]["updated_at"]
    caller.call("complete_workflow_step", step, "completed")
    caller.call("complete_workflow_execution", run_id, "completed")
    assert {row["key"]: row for row in context(caller, run_id)} == live


def test_an_entry_needs_a_key_and_a_value(caller: Caller) -> None:
    run_id = caller.start_run()
    for key, value in (("", "1"), (None, "1"), ("key", None)):
        assert caller.refusal("set_workflow_context", run_id, key, value) == "MS010"
    assert context(caller, run_id) == []
