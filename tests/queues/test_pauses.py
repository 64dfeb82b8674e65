"""Pauses of a queue and of a workflow: nothing is claimed, nothing is lost, and it goes on at once."""

from __future__ import annotations

import asyncio

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Database, Tenant
from mainstem import Mainstem, Terms, Worker, wait_for_signal, workflow
from mainstem.errors import NotFound, StateRefused
from mainstem.ledger import queues
from mainstem.ledger.queues import Limits

pytestmark = ON_ONE_SERVER

SLOW = Terms(poll=60)
"""What it does not hear it does not see."""


@workflow("greet", queue="letters")
async def greet(name: str) -> str:
    return f"hello {name}"


@workflow("other", queue="letters")
async def other() -> str:
    return "done"


@workflow("patient", queue="letters")
async def patient() -> str:
    return str(await wait_for_signal("go"))


def states(database: Database) -> list[str]:
    return [
        row["state"]
        for row in database.rows("select state from mainstem.user_workflow_run_queue order by run_id")
    ]


async def test_nothing_is_claimed_from_a_paused_queue_until_it_is_resumed(
    ms: Mainstem, database: Database
) -> None:
    database.perform(queues.pause_queue("letters"))
    async with Worker(ms, [greet], SLOW):
        held = await ms.start(greet, "ann")
        elsewhere = await ms.start(greet, "ben", queue="express")
        async with Worker(ms, [greet], Terms(queues=("express",))):
            assert await asyncio.wait_for(elsewhere.result(), 10) == "hello ben"
        assert states(database) == ["ready"]
        database.perform(queues.resume_queue("letters"))
        assert await asyncio.wait_for(held.result(), 10) == "hello ann"
    assert database.perform(queues.list_queues()) == []


async def test_a_paused_queue_keeps_its_limits(database: Database) -> None:
    database.perform(queues.put_limits("letters", Limits(max_running=3)))
    for _ in range(2):
        database.perform(queues.pause_queue("letters"))
    [paused] = database.perform(queues.list_queues())
    database.perform(queues.resume_queue("letters"))
    [resumed] = database.perform(queues.list_queues())
    assert (paused.max_running, resumed.max_running, resumed.paused_at) == (3, 3, None)
    with pytest.raises(NotFound):
        database.perform(queues.resume_queue("letters"))
    with pytest.raises(NotFound):
        database.perform(queues.lift_limits("express"))


async def test_no_run_of_a_paused_workflow_is_claimed_and_others_are(
    ms: Mainstem, database: Database
) -> None:
    workflow_id = await ms.register(greet)
    async with Worker(ms, [greet, other], SLOW):
        database.perform(queues.pause_workflow(workflow_id))
        held = [await ms.start(greet, name) for name in ("ann", "ben")]
        assert await asyncio.wait_for((await ms.start(other)).result(), 10) == "done"
        await until(lambda: states(database) == ["paused", "paused"])
        assert (await ms.get_run(held[0].run_id)).status == "pending"
        await ms.cancel(held[1].run_id)
        assert database.perform(queues.resume_workflow(workflow_id)) == 1
        assert await asyncio.wait_for(held[0].result(), 10) == "hello ann"


async def test_a_run_that_waits_is_held_when_it_would_go_on(ms: Mainstem, database: Database) -> None:
    workflow_id = await ms.register(patient)
    async with Worker(ms, [patient], SLOW):
        handle = await ms.start(patient)
        await until(lambda: states(database) == ["waiting"])
        database.perform(queues.pause_workflow(workflow_id))
        await ms.signal(handle.run_id, "go", "on")
        await until(lambda: states(database) == ["paused"])
        assert (await ms.get_run(handle.run_id)).status == "waiting"
        database.perform(queues.resume_workflow(workflow_id))
        assert await asyncio.wait_for(handle.result(), 10) == "on"


async def test_a_run_that_is_paused_itself_stays_so(ms: Mainstem, database: Database) -> None:
    workflow_id = await ms.register(greet)
    handle = await ms.start(greet, "ann")
    database.rows("update mainstem.user_workflow_run_queue set state = 'paused' returning run_id")
    database.rows("update mainstem.user_workflow_run set status = 'paused' returning run_id")
    database.perform(queues.pause_workflow(workflow_id))
    assert database.perform(queues.resume_workflow(workflow_id)) == 0
    assert (await ms.get_run(handle.run_id)).status == "paused"


async def test_what_is_held_while_it_is_resumed_is_not_forgotten(ms: Mainstem, database: Database) -> None:
    """The worker's claim decides by what it saw; who resumes waits for it, and finds what it held."""
    workflow_id = await ms.register(greet)
    await ms.start(greet, "ann")
    database.perform(queues.pause_workflow(workflow_id))
    claiming, resuming = database.connect("mainstem_worker", None), database.connect()
    claiming.execute("select mainstem._register_worker_v1(gen_random_uuid(), 'host', 1, '{}', '1 hour')")
    with claiming.transaction():
        claiming.execute(
            "select mainstem._claim_v1(w.worker_id, '{letters}', 9, '{null}', '{null}') from mainstem.user_workflow_worker w"
        )
        call = "select mainstem.resume_workflow(%s) as freed"
        resumed = asyncio.create_task(
            asyncio.to_thread(lambda: resuming.execute(call, [workflow_id]).fetchone())
        )
        await until(
            lambda: database.value(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
        )
    assert await resumed == {"freed": 1}
    assert states(database) == ["ready"]


async def test_only_what_is_active_is_paused_and_only_what_is_paused_resumed(
    database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    with pytest.raises(StateRefused):
        database.perform(queues.resume_workflow(tenant.workflow_id))
    with pytest.raises(NotFound):
        database.perform(queues.pause_workflow(other_tenant.workflow_id))
    database.rows("update mainstem.user_workflow set status = 'archived' returning name")
    with pytest.raises(StateRefused):
        database.perform(queues.pause_workflow(tenant.workflow_id))
