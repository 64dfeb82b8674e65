"""What people do with a run that failed: again from a step, another way from a step, patched, passed over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem import ONCE, Mainstem, RunFailed, Worker, gather, get_context, set_context, step, workflow
from mainstem.errors import BadArgument, DrivenElsewhere, NotFound, RunIsOver, StateRefused

pytestmark = ON_ONE_SERVER

done: list[str] = []
broken: set[str] = set()


@pytest.fixture(autouse=True)
def fresh() -> None:
    done.clear()
    broken.clear()


@step(retry=ONCE)
async def act(device: str, amount: int = 1) -> Any:
    done.append(f"{device} {amount}")
    if device in broken:
        raise RuntimeError(f"{device} is out of ink")
    return {"device": device, "amount": amount}


@workflow("in-order")
async def in_order(amount: int) -> list[Any]:
    first = await act("scanner", amount)
    await set_context("limit", amount)
    second = await act("printer", first["amount"] + 1)
    third = await act("stapler", 0 if second is None else second["amount"])
    return [first, second, third, await get_context("limit")]


@workflow("side-by-side")
async def side_by_side() -> list[Any]:
    return await gather(act("printer"), act("stapler"))


async def failed(
    ms: Mainstem, *devices: str, code: Any = in_order, arguments: tuple[Any, ...] = (10,)
) -> Any:
    broken.update(devices)
    run = await ms.start(code, *arguments)
    with pytest.raises(RunFailed):
        await asyncio.wait_for(run.result(), 10)
    broken.clear()
    done.clear()
    return run


async def test_a_retry_from_a_step_does_it_and_all_after_it_again_and_keeps_what_they_gave(
    ms: Mainstem,
) -> None:
    async with Worker(ms, [in_order]):
        run = await failed(ms, "stapler")
        assert await ms.retry(run.run_id, from_step=3) == "pending"
        assert (await asyncio.wait_for(run.result(), 10))[2] == {"device": "stapler", "amount": 11}
    assert done == ["printer 11", "stapler 11"]
    found = await ms.get_run(run.run_id)
    assert [(one.step_number, one.node_key, one.retry_count) for one in found.steps[2:4]] == [
        (3, "act", 0),
        (4, "act", 0),
    ]
    [event] = found.events
    assert event.event_data["from_step"] == 3
    aside = event.event_data["set_aside"]
    assert [(one["step_number"], one["status"]) for one in aside] == [(3, "completed"), (4, "failed")]
    assert aside[0]["output_data"] == {"device": "printer", "amount": 11}
    assert "out of ink" in aside[1]["error_message"]


async def test_only_a_step_that_is_there_of_a_run_that_is_over_is_retried_from(ms: Mainstem) -> None:
    async with Worker(ms, [in_order]):
        run = await failed(ms, "printer")
        with pytest.raises(NotFound, match="no step 9"):
            await ms.retry(run.run_id, from_step=9)
        await ms.retry(run.run_id)
        await asyncio.wait_for(run.result(), 10)
    with pytest.raises(RunIsOver):
        await ms.retry(run.run_id, from_step=1)


async def test_a_fork_goes_on_from_a_step_with_what_was_patched_and_the_old_run_stays(ms: Mainstem) -> None:
    async with Worker(ms, [in_order]):
        run = await ms.start(in_order, 10)
        await asyncio.wait_for(run.result(), 10)
        before = await ms.get_run(run.run_id)
        done.clear()
        fork = await ms.fork(run.run_id, from_step=3, context={"limit": 99, "who": "ann"})
        told = await asyncio.wait_for(ms.result(fork, in_order), 10)
    assert told[3] == 99
    assert done == ["printer 11", "stapler 11"]
    found = await ms.get_run(fork)
    assert str(found.forked_from) == str(before.steps[2].step_id)
    assert found.metadata["fork"] == {
        "from_run": str(run.run_id), "from_step": 3, "input": False, "context": True, "version": False,
    }  # fmt: skip
    assert [one.metadata.get("copied_from") for one in found.steps[:3]] == [
        *(str(one.step_id) for one in before.steps[:2]),
        None,
    ]
    assert found.context["who"] == "ann"
    assert await ms.get_run(run.run_id) == before


async def test_a_fork_from_the_beginning_takes_other_input_and_another_version(ms: Mainstem) -> None:
    async with Worker(ms, [in_order]):
        run = await failed(ms, "scanner")
        fork = await ms.fork(run.run_id, input={"amount": 20}, version=2)
        assert (await asyncio.wait_for(ms.result(fork), 10))[0]["amount"] == 20
    found = await ms.get_run(fork)
    assert (found.workflow_version, found.forked_from) == (2, run.run_id)


async def test_what_cannot_be_forked_is_refused(ms: Mainstem, database: Database) -> None:
    run = await ms.start(in_order, 10)
    for refusal, asked in (
        (NotFound, {"from_step": 3}),
        (BadArgument, {"version": 0}),
        (BadArgument, {"from_step": 0}),
    ):
        with pytest.raises(refusal):
            await ms.fork(run.run_id, **asked)  # type: ignore[arg-type]
    database.rows("update mainstem.user_workflow_run set driver = 'recorded' returning 1")
    with pytest.raises(DrivenElsewhere):
        await ms.fork(run.run_id)
    assert database.value("select count(*) from mainstem.user_workflow_run") == 1


async def test_a_patched_step_gives_what_a_person_said_and_its_failure_is_kept(ms: Mainstem) -> None:
    async with Worker(ms, [in_order]):
        run = await failed(ms, "printer")
        said = {"device": "pen", "amount": 5}
        assert await ms.patch_step(run.run_id, 3, said, reason="written by hand", by="ann") == "pending"
        told = await asyncio.wait_for(run.result(), 10)
    assert (told[1], done) == (said, ["stapler 5"])
    patched = (await ms.get_run(run.run_id)).steps[2]
    assert (patched.status, patched.output_data, patched.error_message) == ("completed", said, None)
    assert {name: patched.metadata["amended"][name] for name in ("how", "by", "reason")} == {
        "how": "completed", "by": "ann", "reason": "written by hand",
    }  # fmt: skip
    assert patched.events[-1].event_type == "step_patched"
    assert "out of ink" in patched.events[-1].event_data["error_message"]


async def test_a_skipped_step_gives_nothing(ms: Mainstem) -> None:
    async with Worker(ms, [in_order]):
        run = await failed(ms, "printer")
        await ms.skip_step(run.run_id, 3)
        assert (await asyncio.wait_for(run.result(), 10))[1] is None
    assert (await ms.get_run(run.run_id)).steps[2].status == "skipped"
    assert done == ["stapler 0"]


async def test_several_steps_are_patched_before_the_run_goes_on(ms: Mainstem) -> None:
    async with Worker(ms, [side_by_side]):
        run = await failed(ms, "printer", "stapler", code=side_by_side, arguments=())
        assert await ms.patch_step(run.run_id, 1, {"n": 0}, go_on=False) == "failed"
        assert await ms.patch_step(run.run_id, 1, {"n": 1}, go_on=False) == "failed"  # said again, better
        assert await ms.patch_step(run.run_id, 2, {"n": 2}) == "pending"
        assert await asyncio.wait_for(run.result(), 10) == [{"n": 1}, {"n": 2}]
    assert done == []


async def test_only_a_failed_step_of_a_run_that_failed_is_patched(ms: Mainstem) -> None:
    async with Worker(ms, [in_order]):
        run = await failed(ms, "printer")
        with pytest.raises(StateRefused, match="is completed, not failed"):
            await ms.patch_step(run.run_id, 1, {})
        with pytest.raises(NotFound):
            await ms.skip_step(run.run_id, 17)
        await ms.retry(run.run_id)
        await asyncio.wait_for(run.result(), 10)
        with pytest.raises(RunIsOver):
            await ms.skip_step(run.run_id, 3)


async def test_no_update_gets_past_the_guard_of_ended_steps(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [in_order]):
        await failed(ms, "printer")
    for change in ("status = 'skipped'", """status = 'completed', metadata = '{"amended": {}}'"""):
        with pytest.raises(Exception, match="is failed and does not become"):
            database.rows(
                f"update mainstem.user_workflow_run_step set {change}, error_message = null where step_number = 3 returning 1"
            )
