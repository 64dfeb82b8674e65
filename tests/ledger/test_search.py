"""Search: this tenant's runs by what their documents contain."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from callers import Caller

pytest_plugins = ["shared_ledger"]


def found(caller: Caller, **asked: Any) -> list[UUID]:
    arguments = ", ".join(f"{name} => %s" for name in asked)
    return [
        row["run_id"]
        for row in caller.rows(f"select * from mainstem.search_workflow_runs({arguments})", *asked.values())
    ]


def run_with(caller: Caller, **context: str) -> UUID:
    run_id = caller.start_run()
    for key, value in context.items():
        caller.call("set_workflow_context", run_id, key, value)
    caller.call("complete_workflow_execution", run_id, "completed")
    return run_id


def test_runs_are_found_by_what_their_context_contains_latest_first(caller: Caller) -> None:
    ann = run_with(caller, member='{"id": 7, "name": "Ann"}')
    caller.clock.advance(seconds=1)
    bob = run_with(caller, member='{"id": 8, "name": "Bob"}', plan='"gold"')
    caller.clock.advance(seconds=1)
    ann_again = run_with(caller, member='{"id": 7}', plan='"gold"')
    assert found(caller) == [ann_again, bob, ann]
    assert found(caller, context='{"member": {"id": 7}}') == [ann_again, ann]
    assert found(caller, context='{"member": {"id": 7}, "plan": "gold"}') == [ann_again]
    assert found(caller, context='{"member": {"id": 9}}') == []
    assert found(caller, context='{"plan": "gold"}', most=1) == [ann_again]


async def test_runs_are_found_by_their_input_also_before_a_worker_has_begun_them(caller: Caller) -> None:
    async with caller.client() as ms:
        run = await ms.start("intake", member=7, pages=[1, 2])
    assert caller.run(run.run_id)["status"] == "pending"
    assert found(caller, input_data='{"member": 7}') == [run.run_id]
    assert found(caller, input_data='{"pages": [2]}') == [run.run_id]
    assert found(caller, input_data='{"member": 8}') == []


def test_a_search_may_be_held_to_a_time(caller: Caller) -> None:
    first = run_with(caller, plan='"gold"')
    caller.clock.advance(days=1)
    between = caller.value("select mainstem.clock()")
    second = run_with(caller, plan='"gold"')
    assert found(caller, context='{"plan": "gold"}', started_before=between) == [first]
    assert found(caller, context='{"plan": "gold"}', started_after=between) == [second]


@pytest.mark.parametrize("org", ["", "another's"])
def test_nobody_finds_what_is_another_tenants(caller: Caller, stranger: Caller, org: str) -> None:
    """The function reads every row to use the index; it adds the tenant itself, and without one there is none."""
    run_with(caller, plan='"gold"')
    if not org:
        stranger.conn.execute("select set_config('app.current_org_id', '', false)")
    assert found(stranger) == []
    assert found(stranger, context='{"plan": "gold"}') == []
