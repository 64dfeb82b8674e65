"""A run that failed is taken back: what was completed stays, what failed is done again, and the old ending is kept."""

from __future__ import annotations

from typing import Any

import pytest
from callers import Caller

from conftest import Database
from mainstem import Mainstem, Retry, StepFailed, Worker, Workflow, gather, step, workflow
from mainstem.errors import RunFailed
from mainstem.ledger.call import perform
from mainstem.ledger.runs import retry_run

pytest_plugins = ["shared_ledger"]


def test_a_run_that_callers_move_is_running_again_with_its_old_ending_kept(caller: Caller) -> None:
    run_id = caller.start_run()
    step_id = caller.start_step(run_id)
    caller.call("complete_workflow_step", step_id, "failed", None, "out of ink")
    caller.call("complete_workflow_execution", run_id, "failed", "out of ink")
    assert perform(caller.conn, retry_run(run_id), org_id=caller.tenant.org_id) == "running"
    run = caller.read(run_id)
    assert (run.status, run.ended_at, run.error_message) == ("running", None, None)
    [kept] = run.events
    assert (kept.event_type, kept.event_data["status"], kept.event_data["error_message"]) == (
        "run_retried",
        "failed",
        "out of ink",
    )
    assert run.steps[0].status == "failed"  # its callers retry it
    caller.call("retry_workflow_step", step_id)
    caller.call("complete_workflow_step", step_id, "completed", "{}", None)
    caller.call("complete_workflow_execution", run_id, "completed")
    assert caller.run(run_id)["status"] == "completed"


@pytest.mark.parametrize(
    ("ending", "refusal"), [("completed", "MS003"), ("cancelled", "MS003"), (None, "MS006")]
)
def test_only_what_failed_is_retried(caller: Caller, ending: str | None, refusal: str) -> None:
    run_id = caller.start_run()
    if ending:
        caller.call("complete_workflow_execution", run_id, ending)
    before = caller.run(run_id)
    assert caller.refusal("retry_workflow_run", run_id) == refusal
    assert caller.run(run_id) == before


def test_a_run_that_was_recorded_elsewhere_or_is_not_there_is_not_retried(
    caller: Caller, stranger: Caller
) -> None:
    run_id = caller.start_run()
    caller.call("complete_workflow_execution", run_id, "timeout")
    assert stranger.refusal("retry_workflow_run", run_id) == "MS001"
    caller.conn.execute(
        "update mainstem.user_workflow_run set driver = 'recorded' where run_id = %s", [run_id]
    )
    assert caller.refusal("retry_workflow_run", run_id) == "MS009"


DONE: list[str] = []
BROKEN = {"printer"}


@step(retry=Retry(attempts=1))
async def read(page: int) -> int:
    DONE.append(f"read {page}")
    return page


@step(retry=Retry(attempts=1))
async def act(device: str) -> str:
    DONE.append(device)
    if device in BROKEN:
        raise RuntimeError(f"{device} is out of ink")
    return f"{device} done"


@workflow("retried-in-order")
async def in_order() -> str:
    await read(1)
    try:
        await act("scanner")
    except StepFailed:
        await read(2)
    return await act("printer")


@workflow("retried-in-branches")
async def in_branches() -> list[str]:
    return await gather(act("printer"), act("lamp"))


@pytest.mark.parametrize(
    ("wanted", "broken", "first", "again"),
    [
        (in_order, {"scanner", "printer"}, ["read 1", "scanner", "read 2", "printer"], ["printer"]),
        (in_branches, {"printer"}, ["lamp", "printer"], ["printer"]),
    ],
)
async def test_an_engines_run_does_again_only_what_failed_it(
    database: Database, wanted: Workflow[[], Any], broken: set[str], first: list[str], again: list[str]
) -> None:
    DONE.clear()
    BROKEN.clear()
    BROKEN.update(broken)
    async with Mainstem(database.url) as ms, Worker(ms, [wanted]):
        handle = await ms.start(wanted)
        with pytest.raises(RunFailed, match="out of ink"):
            await handle.result()
        assert sorted(DONE) == sorted(first)
        DONE.clear()
        BROKEN.discard("printer")
        with database.connect("mainstem_app", ms.org_id) as conn:
            assert perform(conn, retry_run(handle.run_id), org_id=ms.org_id) == "pending"
        result = await ms.result(handle.run_id, wanted)
        assert "printer done" in result
        assert again == DONE
        run = await ms.get_run(handle.run_id)
        assert [event.event_type for event in run.events] == ["run_retried"]
        retried = next(one for one in run.steps if one.input_data == {"device": "printer"})
        assert (retried.status, retried.retry_count) == ("completed", 1)
        assert "out of ink" in retried.events[-1].event_data["error_message"]
