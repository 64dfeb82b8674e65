"""Children: runs that a run begins, once, and waits for, or leaves to themselves."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from counted import executed, fresh_counts, gate

import mainstem
from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database, Tenant
from mainstem import (
    ONCE,
    Mainstem,
    RunCancelled,
    RunFailed,
    StepFailed,
    Terms,
    Worker,
    child,
    sleep,
    start_child,
    step,
    wait_for_signal,
    workflow,
)
from mainstem.ids import run_of

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]


@step(retry=ONCE)
async def read(page: str) -> str:
    executed[page] += 1
    if page == "torn":
        raise ValueError("torn page")
    await until(lambda: page != "slow" or gate.is_set())
    return page


@workflow("page", channel="efax", queue="pages", version=4)
async def page(name: str) -> str:
    return (await read(name)).upper()


@workflow("asked")
async def asked(word: str) -> Any:
    return await wait_for_signal(word)


@workflow("book")
async def book(names: list[str]) -> list[str]:
    return await mainstem.map(lambda name: child(page, name), names, limit=20)


@workflow("shelf")
async def shelf() -> list[str]:
    return await child(book, ["a", "b"])


@workflow("forgiving")
async def forgiving(name: str) -> str:
    try:
        return await child(page, name)
    except RunFailed as failed:
        return f"{failed.status}: {failed.message}"
    except RunCancelled as cancelled:
        return f"cancelled: {cancelled.message}"


@workflow("strict")
async def strict(name: str) -> str:
    return await child(page, name)


@workflow("waits-for-asked")
async def waits_for_asked() -> Any:
    return await child(asked, "word", external_id="claim-7")


@workflow("over-two")
async def over_two() -> Any:
    return await child(waits_for_asked)


@workflow("detaching")
async def detaching() -> str:
    return str(await start_child(page, "slow"))


@workflow("by-name")
async def by_name(name: str) -> Any:
    try:
        return await child(name, name="a")
    except StepFailed as failed:
        return [failed.error_type, failed.message]


@workflow("busy-beside")
async def busy_beside() -> list[Any]:
    return await mainstem.gather(child(page, "a"), read("slow"))


async def test_a_run_waits_for_its_child_without_a_worker_and_takes_its_result(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [waits_for_asked, asked], Terms(slots=1)):
        run = await ms.start(waits_for_asked)
        await until(lambda: states(database) == {"waits-for-asked": "waiting", "asked": "waiting"})
        assert await ms.signal_key("asked", "claim-7", "word", {"yes": 1}) == 1
        assert await asyncio.wait_for(run.result(), 10) == {"yes": 1}
    parent = await ms.get_run(run.run_id)
    [step_] = parent.steps
    begun = await ms.get_run(UUID(step_.metadata["child"]))
    assert (begun.parent_step_id, begun.workflow, begun.input_data) == (
        step_.step_id,
        "asked",
        {"word": "word"},
    )
    assert (step_.node_key, step_.input_data, step_.output_data) == (
        "child:asked",
        {"word": "word"},
        {"yes": 1},
    )
    assert parent.events == []


async def test_a_childs_queue_channel_and_version_are_its_workflows(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [strict, page]):
        assert await asyncio.wait_for((await ms.start(strict, "a")).result(), 10) == "A"
    [found] = database.rows(
        "select channel::text, workflow_version, metadata ->> 'queue' as queue, parent_step_id from mainstem.user_workflow_run"
        " where parent_step_id is not null"
    )
    assert (found["channel"], found["workflow_version"], found["queue"]) == ("efax", 4, "pages")


async def test_many_children_and_their_children_each_begin_once(ms: Mainstem, database: Database) -> None:
    names = [f"page {n}" for n in range(60)]
    async with Worker(ms, [shelf, book, page]):
        first, second = await ms.start(book, names), await ms.start(shelf)
        assert await asyncio.wait_for(first.result(), 60) == [name.upper() for name in names]
        assert await asyncio.wait_for(second.result(), 20) == ["A", "B"]
    assert set(executed.values()) == {1}
    assert database.value("select count(*) from mainstem.user_workflow_run") == 1 + 60 + 1 + 1 + 2


async def test_how_a_child_fails_is_told_and_replayed(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [forgiving, page, strict]):
        run = await ms.start(forgiving, "torn")
        assert (await asyncio.wait_for(run.result(), 10)).startswith("failed: torn page")
        with pytest.raises(RunFailed, match="torn page"):
            await asyncio.wait_for((await ms.start(strict, "torn")).result(), 10)


async def test_a_retried_run_takes_the_result_of_a_child_that_was_retried_before_it(
    ms: Mainstem, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Worker(ms, [page, strict]):
        run = await ms.start(strict, "torn")
        with pytest.raises(RunFailed):
            await asyncio.wait_for(run.result(), 10)
        begun = child_of(database)
        database.rows(
            'update mainstem.user_workflow_run set input_data = \'{"name": "mended"}\' where run_id = %s returning 1',
            begun,
        )
        await ms.retry(begun)
        assert await asyncio.wait_for(ms.result(begun), 10) == "MENDED"
        await ms.retry(run.run_id)
        assert await asyncio.wait_for(run.result(), 10) == "MENDED"
    assert database.value("select count(*) from mainstem.user_workflow_run") == 2


async def test_a_retried_run_begins_a_child_that_failed_anew(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [page, strict]):
        run = await ms.start(strict, "torn")
        with pytest.raises(RunFailed):
            await asyncio.wait_for(run.result(), 10)
        await ms.retry(run.run_id)
        await until(lambda: executed["torn"] == 2)
    assert database.value("select count(*) from mainstem.user_workflow_run") == 3


async def test_a_child_that_is_left_to_itself_goes_on_when_its_run_has_ended(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [detaching, page]):
        run = await ms.start(detaching)
        begun = UUID(await asyncio.wait_for(run.result(), 10))
        await until(lambda: executed["slow"])
        gate.set()
        assert await asyncio.wait_for(ms.result(begun), 10) == "SLOW"
    assert run_of((await ms.get_run(begun)).parent_step_id) == run.run_id  # type: ignore[arg-type]


async def test_a_workflow_that_is_named_and_not_there_fails_the_step(ms: Mainstem, tenant: Tenant) -> None:
    async with Worker(ms, [by_name, page]):
        told = await asyncio.wait_for((await ms.start(by_name, "nobody")).result(), 10)
        assert told == ["UnknownWorkflow", "this tenant has no workflow 'nobody'"]


async def test_a_workflow_is_found_by_its_name(ms: Mainstem) -> None:
    @workflow("plain")
    async def plain(name: str) -> str:
        return await read(name)

    await ms.register(plain)
    async with Worker(ms, [by_name, plain]):
        assert await asyncio.wait_for((await ms.start(by_name, "plain")).result(), 10) == "a"


async def test_a_waiting_run_that_is_cancelled_cancels_its_children_and_theirs(
    ms: Mainstem, database: Database
) -> None:
    async with Worker(ms, [over_two, waits_for_asked, asked]):
        run = await ms.start(over_two)
        await until(
            lambda: (
                set(states(database).items())
                == {("over-two", "waiting"), ("waits-for-asked", "waiting"), ("asked", "waiting")}
            )
        )
        assert await ms.cancel(run.run_id, reason="sent twice") == "cancelled"
    rows = database.rows("select status, error_message from mainstem.user_workflow_run")
    assert [(row["status"], row["error_message"]) for row in rows] == [("cancelled", "sent twice")] * 3
    assert database.rows("select 1 from mainstem.user_workflow_run_queue") == []
    assert database.rows("select 1 from mainstem.user_workflow_signal") == []


async def test_a_run_in_work_that_is_cancelled_cancels_its_children(ms: Mainstem, database: Database) -> None:
    @workflow("both")
    async def both() -> list[Any]:
        return await mainstem.gather(child(asked, "word"), read("slow"))

    async with Worker(ms, [both, asked]):
        run = await ms.start(both)
        await until(lambda: states(database) == {"both": "owned", "asked": "waiting"})
        await ms.cancel(run.run_id, reason="sent twice")
        with pytest.raises(RunCancelled):
            await asyncio.wait_for(run.result(), 10)
    rows = database.rows("select status from mainstem.user_workflow_run")
    assert [row["status"] for row in rows] == ["cancelled"] * 2


async def test_a_child_that_is_cancelled_tells_its_run(ms: Mainstem, database: Database) -> None:
    @workflow("patient")
    async def patient() -> str:
        try:
            return str(await child(asked, "word"))
        except RunCancelled as cancelled:
            return cancelled.message

    async with Worker(ms, [patient, asked]):
        run = await ms.start(patient)
        await until(lambda: states(database) == {"patient": "waiting", "asked": "waiting"})
        await ms.cancel(child_of(database), reason="no longer wanted")
        assert await asyncio.wait_for(run.result(), 10) == "no longer wanted"


async def test_a_child_ends_while_another_branch_goes_on(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [busy_beside, page]):
        run = await ms.start(busy_beside)
        await until(lambda: status_of(database, "child:page") == "completed")
        assert states(database) == {"busy-beside": "owned"}
        gate.set()
        assert await asyncio.wait_for(run.result(), 10) == ["A", "slow"]


async def test_a_long_family_outlives_its_workers(ms: Mainstem, database: Database, clock: Clock) -> None:
    @workflow("rests")
    async def rests() -> str:
        await sleep(86_400)
        return await read("rested")

    @workflow("waits-for-rest")
    async def waits_for_rest() -> str:
        rested = await child(rests)
        return f"and {rested}"

    async with Worker(ms, [rests, waits_for_rest]):
        run = await ms.start(waits_for_rest)
        await until(lambda: states(database) == {"rests": "waiting", "waits-for-rest": "waiting"})
    clock.advance(days=1.1)
    async with Worker(ms, [rests]):
        await until(lambda: executed["rested"])
    async with Worker(ms, [waits_for_rest]):
        assert await asyncio.wait_for(run.result(), 10) == "and rested"


def states(database: Database) -> dict[str, str]:
    rows = database.rows(
        "select w.name, q.state from mainstem.user_workflow_run_queue q join mainstem.user_workflow_run r using (run_id)"
        " join mainstem.user_workflow w on w.workflow_id = r.workflow_id"
    )
    return {row["name"]: row["state"] for row in rows}


def child_of(database: Database) -> UUID:
    found: UUID = database.value(
        "select run_id from mainstem.user_workflow_run where parent_step_id is not null"
    )
    return found


def status_of(database: Database, node_key: str) -> str | None:
    rows = database.rows("select status from mainstem.user_workflow_run_step where node_key = %s", node_key)
    return rows[0]["status"] if rows else None
