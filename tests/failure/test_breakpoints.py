"""Breakpoints: a run pauses before a step begins, is looked at and changed, and goes on; steps ask nobody for them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Database
from mainstem import (
    ONCE,
    Mainstem,
    Terms,
    Test,
    Worker,
    approval,
    child,
    gather,
    sleep,
    step,
    wait_for_signal,
    workflow,
)
from mainstem.errors import NotFound
from mainstem.graph.program import graph_workflow
from mainstem.model import RunStatus
from typed import Terminal

pytestmark = ON_ONE_SERVER

done: list[str] = []


@pytest.fixture(autouse=True)
def fresh() -> None:
    done.clear()


@step(retry=ONCE)
async def look(page: int) -> int:
    done.append(f"look {page}")
    return page


@step(retry=ONCE)
async def pay(amount: int, to: str = "ann") -> str:
    done.append(f"pay {amount}")
    return f"{amount} to {to}"


@workflow("claims")
async def claims(amount: int) -> list[Any]:
    return [await look(1), await pay(amount), await look(2)]


@workflow("claims-side-by-side")
async def side_by_side() -> list[Any]:
    return await gather(patient(), pay(5), look(1))


async def patient() -> Any:
    return await wait_for_signal("go")


async def paused(ms: Mainstem, run: Any) -> Any:
    found = await ms.get_run(run.run_id)
    return found if found.status == RunStatus.PAUSED else None


def has_done_more_than(count: int) -> bool:
    return len(done) > count


async def test_a_run_stops_before_the_step_is_looked_at_and_goes_on(ms: Mainstem, database: Database) -> None:
    point = await ms.set_breakpoint("claims", "pay")
    async with Worker(ms, [claims]):
        run = await ms.start(claims, 10)
        found = await until(lambda: paused(ms, run))
        assert done == ["look 1"]
        assert found.error_message == "stopped before step 2, pay"
        assert found.error_details == {"type": "Breakpoint", "breakpoint_id": str(point.breakpoint_id)}
        assert [(one.node_key, one.status, one.input_data) for one in found.steps][1] == (
            "pay",
            "pending",
            {"amount": 10},
        )
        assert database.rows("select * from mainstem.user_workflow_run_queue where state = 'owned'") == []
        await ms.resume(run.run_id)
        assert await asyncio.wait_for(run.result(), 10) == [1, "10 to ann", 2]
    assert done == ["look 1", "pay 10", "look 2"]
    [counted] = await ms.breakpoints()
    assert (counted.hits, counted.is_enabled) == (1, True)


async def test_step_over_stops_before_the_next_step_and_then_no_more(ms: Mainstem) -> None:
    await ms.set_breakpoint("claims", "look", one_shot=True)
    async with Worker(ms, [claims]):
        run = await ms.start(claims, 10)
        for expected in ([], ["look 1"], ["look 1", "pay 10"]):
            await until(lambda: paused(ms, run))
            assert done == expected
            await ms.resume(run.run_id, step_over=True)
            await until(partial(has_done_more_than, len(expected)))
        assert await asyncio.wait_for(run.result(), 10) == [1, "10 to ann", 2]
        again = await ms.start(claims, 20)  # the one shot was taken
        assert await asyncio.wait_for(again.result(), 10)


async def test_a_step_at_a_breakpoint_is_patched_or_skipped_instead_of_run(ms: Mainstem) -> None:
    await ms.set_breakpoint("claims", "pay")
    async with Worker(ms, [claims]):
        patched, skipped = await ms.start(claims, 10), await ms.start(claims, 20)
        for run in (patched, skipped):
            await until(partial(paused, ms, run))
        await ms.patch_step(patched.run_id, 2, "by cheque")
        await ms.skip_step(skipped.run_id, 2)
        assert await asyncio.wait_for(patched.result(), 10) == [1, "by cheque", 2]
        assert await asyncio.wait_for(skipped.result(), 10) == [1, None, 2]
    assert "pay 10" not in done
    assert "pay 20" not in done


async def test_only_runs_of_which_the_condition_holds_are_stopped(ms: Mainstem, database: Database) -> None:
    await ms.set_breakpoint(
        "claims", "pay", condition='input.amount > 100 and input.to != "bob" and call = 1'
    )
    async with Worker(ms, [claims]):
        small, large = await ms.start(claims, 100), await ms.start(claims, 101)
        await asyncio.wait_for(small.result(), 10)
        await until(lambda: paused(ms, large))
        await ms.cancel(large.run_id)
    assert database.value("select hits from mainstem.user_workflow_breakpoint") == 1


async def test_a_breakpoint_that_is_set_while_a_run_goes_on_is_met_by_its_next_step(ms: Mainstem) -> None:
    gate = asyncio.Event()

    @step(name="hold")
    async def hold() -> None:
        await gate.wait()

    @workflow("held")
    async def held() -> int:
        await hold()
        return await look(1)

    async with Worker(ms, [held], Terms(ttl=60)):
        run = await ms.start(held)
        point = await ms.set_breakpoint(run_id=run.run_id)
        await asyncio.sleep(0.3)  # it is told to workers, who say nothing
        gate.set()
        await until(lambda: paused(ms, run))
        await ms.delete_breakpoint(point.breakpoint_id)
        await ms.resume(run.run_id)
        assert await asyncio.wait_for(run.result(), 10) == 1


async def test_branches_that_wait_are_left_too_and_those_that_work_end_their_step(ms: Mainstem) -> None:
    await ms.set_breakpoint("claims-side-by-side", "pay")
    async with Worker(ms, [side_by_side]):
        run = await ms.start(side_by_side)
        await until(lambda: paused(ms, run))
        await ms.signal(run.run_id, "go", "ok")
        assert (await ms.get_run(run.run_id)).status == RunStatus.PAUSED
        await ms.resume(run.run_id)
        assert await asyncio.wait_for(run.result(), 10) == ["ok", "5 to ann", 1]
    assert sorted(done) == ["look 1", "pay 5"]


async def test_other_tenants_runs_are_not_stopped(ms: Mainstem, database: Database) -> None:
    other = database.value("select gen_random_uuid()")
    database.rows("select mainstem.create_organization('other', %s)", other)
    await ms.set_breakpoint("claims", "pay")
    async with Mainstem(database.url, org_id=other) as theirs, Worker(ms, [claims]):
        run = await theirs.start(claims, 10)
        assert await asyncio.wait_for(run.result(), 10)
        assert await theirs.breakpoints() == []
        [mine] = await ms.breakpoints()
        with pytest.raises(NotFound):
            await theirs.delete_breakpoint(mine.breakpoint_id)


async def test_without_breakpoints_steps_cost_no_statement(ms: Mainstem, database: Database) -> None:
    """What is read of the table is read by the housekeeping: as often with a hundred steps as with none."""

    @workflow("many")
    async def many() -> None:
        for page in range(100):
            await look(page)

    async with Worker(ms, [many], Terms(ttl=600)):
        run = await ms.start(many)
        await asyncio.wait_for(run.result(), 20)
    statement = "select coalesce(sum(seq_scan + idx_scan), 0) from pg_stat_user_tables where relname = 'user_workflow_breakpoint'"
    database.rows(
        "select pg_stat_force_next_flush() where current_setting('server_version_num')::int >= 150000"
    )
    assert database.value(statement) <= 2


async def test_breakpoints_are_set_listed_switched_and_deleted_from_the_command_line(
    database: Database,
) -> None:
    terminal = Terminal(database.url)
    [made] = terminal.lines("breakpoints", "set", "claims", "pay", "--if", "input.amount > 1000", "--once")
    [told] = terminal.lines("breakpoints", "switch", made["breakpoint_id"], "off")
    assert (told["is_enabled"], told["condition"], told["one_shot"]) == (False, "input.amount > 1000", True)
    assert terminal.lines("breakpoints", "list") == [told]
    terminal.lines("breakpoints", "delete", made["breakpoint_id"])
    assert terminal.error("breakpoints", "delete", made["breakpoint_id"])[:2] == (3, "MS001")
    assert terminal.error("breakpoints", "set", "claims", "--if", "amount > 1")[:2] == (2, "MS010")
    assert terminal.error("breakpoints", "set")[:2] == (2, "MS010")
    actions = database.rows("select action from mainstem.user_workflow_audit order by at")
    assert [row["action"] for row in actions] == [
        "breakpoints.create",
        "breakpoints.switch",
        "breakpoints.delete",
    ]


@workflow("fetched")
async def fetched() -> str:
    return "from the archive"


@workflow("patient-claims")
async def patient_claims() -> list[Any]:
    await sleep(0.05)
    told = await wait_for_signal("papers", timeout=60)
    approved = await approval("pay")
    return [told, approved, await child(fetched)]


WAITS = ("sleep", "wait_for_signal:papers", "approval:pay", "child:fetched")


async def test_a_run_stops_before_each_kind_of_wait_and_the_wait_begins_when_it_goes_on(
    ms: Mainstem, database: Database
) -> None:
    for name in WAITS:
        await ms.set_breakpoint("patient-claims", name, one_shot=True)
    async with Worker(ms, [patient_claims, fetched], Terms(poll=0.1)):
        run = await ms.start(patient_claims)
        for number, name in enumerate(WAITS, start=1):
            found = await until(lambda: paused(ms, run))
            assert found.error_message == f"stopped before step {number}, {name}"
            assert (found.steps[-1].node_key, found.steps[-1].status) == (name, "pending")
            assert database.value("select count(*) from mainstem.user_workflow_run") == 1
            await ms.resume(run.run_id)
            if name.startswith("wait_for_signal"):
                assert found.steps[-1].input_data == {"signal": "papers", "seconds": 60}
                await ms.signal(run.run_id, "papers", 3)
            elif name.startswith("approval"):
                [asked] = await until(lambda: approvals(ms))
                await ms.answer(asked.step_id, {"approved": True})
        result = await asyncio.wait_for(run.result(), 10)
    assert (result[0], result[2]) == (3, "from the archive")
    steps = (await ms.get_run(run.run_id)).steps
    assert [(one.status, one.started_at is not None) for one in steps] == [("completed", True)] * 4


async def approvals(ms: Mainstem) -> Any:
    return (await ms.approvals()).approvals


async def test_a_wait_that_has_begun_is_not_stopped_before(ms: Mainstem) -> None:
    async with Worker(ms, [patient_claims, fetched], Terms(poll=0.1)):
        run = await ms.start(patient_claims, test=Test(outputs={"sleep": None}))
        await until(partial(is_waiting, ms, run))
        await ms.set_breakpoint("patient-claims", "wait_for_signal:papers")
        await ms.signal(run.run_id, "papers", 3)
        await until(lambda: approvals(ms))
        assert (await ms.get_run(run.run_id)).status == RunStatus.WAITING


async def is_waiting(ms: Mainstem, run: Any) -> bool:
    return (await ms.get_run(run.run_id)).status == RunStatus.WAITING


async def test_a_test_run_is_given_what_its_waits_would_bring(ms: Mainstem, database: Database) -> None:
    answers = {"sleep": None, "wait_for_signal:papers": 7, "approval:pay": {"approved": False}}
    async with Worker(ms, [patient_claims, fetched]):
        run = await ms.start(patient_claims, test=Test(outputs={**answers, "child:fetched": "given"}))
        assert await asyncio.wait_for(run.result(), 10) == [7, {"approved": False}, "given"]
        again = await ms.get_run(run.run_id)
    assert [one.metadata["given"] for one in again.steps] == ["output"] * 4
    assert database.value("select count(*) from mainstem.user_workflow_run") == 1


DRAWN = graph_workflow(
    {
        "name": "drawn",
        "nodes": {
            "start": {"type": "entry"},
            "approve": {"kind": "approval", "data_bindings": {"amount": {"value": 7}}},
            "done": {"type": "outcome", "data_bindings": {"paid": {"node": "approve", "path": "approved"}}},
        },
        "edges": [{"from": "start", "to": "approve"}, {"from": "approve", "to": "done"}],
    }
)


async def test_a_run_of_a_graph_stops_before_what_its_node_waits_for(ms: Mainstem) -> None:
    await ms.set_breakpoint("drawn", "approve", condition="input.amount > 5")
    async with Worker(ms, [DRAWN], Terms(poll=0.1)):
        asked, patched = await ms.start(DRAWN), await ms.start(DRAWN)
        for run in (asked, patched):
            found = await until(partial(paused, ms, run))
            assert found.error_message == "stopped before step 2, approve"
            assert (found.steps[-1].status, found.steps[-1].input_data) == ("pending", {"amount": 7})
        assert await approvals(ms) == []
        await ms.patch_step(patched.run_id, 2, {"approved": False})
        assert await asyncio.wait_for(patched.result(), 10) == {"paid": False}
        await ms.resume(asked.run_id)
        [question] = await until(lambda: approvals(ms))
        await ms.answer(question.step_id, {"approved": True})
        assert await asyncio.wait_for(asked.result(), 10) == {"paid": True}
    assert [one.status for one in (await ms.get_run(asked.run_id)).steps] == ["completed"] * 4
