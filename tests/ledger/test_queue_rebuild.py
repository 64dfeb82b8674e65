"""The queue is made of what the ledger holds: lost, it is rebuilt, and every run goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from callers import Caller

from conditions import until
from conftest import Clock, Database, Tenant
from mainstem import Mainstem, RunHandle, Terms, Worker, sleep, step, wait_for_signal, workflow


@dataclass
class Executions:
    """How often a step ran, by what it was given; and one that does not end the first time."""

    names: list[str] = field(default_factory=list)
    is_stuck: asyncio.Event = field(default_factory=asyncio.Event)


executions = Executions()


@step
async def reading(name: str) -> str:
    executions.names.append(name)
    return name


@step
async def stuck(name: str) -> str:
    executions.names.append(name)
    if executions.names.count(name) == 1:
        executions.is_stuck.set()
        await asyncio.Event().wait()
    return name


@workflow("asks")
async def asks(name: str) -> list[Any]:
    return [await reading(name), await wait_for_signal("verdict"), await reading(f"{name} again")]


@workflow("sleeps")
async def sleeps(name: str) -> list[Any]:
    await sleep(3600)
    return [await reading(name)]


@workflow("works", queue="working")
async def works(name: str) -> list[Any]:
    return [await reading(f"{name} first"), await stuck(name)]


@workflow("changes", queue="changing")
async def changes(name: str) -> list[Any]:
    return [await reading(name), await wait_for_signal("verdict")]


@workflow("changes", queue="changing")
async def changes_with_other_code(name: str) -> list[Any]:
    return [await stuck(name)]


@workflow("comes", queue="slow")
async def comes(name: str) -> list[Any]:
    return [await reading(name)]


class Ledger:
    """The queue as it stands."""

    def __init__(self, database: Database) -> None:
        self.conn = database.connect(None)

    def status(self, run: RunHandle) -> str:
        [row] = self.conn.execute(
            "select status from mainstem.user_workflow_run where run_id = %s", [run.run_id]
        )
        return str(row["status"])

    def queue(self) -> dict[UUID, dict[str, Any]]:
        rows = self.conn.execute(
            "select run_id, org_id, queue, state, priority, due_at::text, waiting_for, signals, epoch from mainstem.user_workflow_run_queue"
        )
        return {row["run_id"]: row for row in rows}

    def lose_the_queue(self) -> dict[UUID, dict[str, Any]]:
        lost = self.queue()
        self.conn.execute("delete from mainstem.user_workflow_run_queue")
        return lost


@pytest.fixture
def ledger(database: Database) -> Ledger:
    executions.names.clear()
    executions.is_stuck = asyncio.Event()
    return Ledger(database)


async def test_a_lost_queue_is_rebuilt_and_every_run_goes_on(
    database: Database, tenant: Tenant, ledger: Ledger, ms: Mainstem, clock: Clock
) -> None:
    async with Worker(ms, [asks, sleeps, changes]):
        asking, asked = await ms.start(asks, "asking"), await ms.start(asks, "asked", priority=3)
        sleeping, changed = await ms.start(sleeps, "sleeping"), await ms.start(changes, "changed")
        await until(
            lambda: all(ledger.status(run) == "waiting" for run in (asking, asked, sleeping, changed))
        )
    await ms.signal(changed.run_id, "verdict", "yes")
    async with Worker(ms, [changes_with_other_code]):
        await until(lambda: ledger.status(changed) == "paused")
    await ms.signal(asked.run_id, "verdict", "yes")
    coming = await ms.start(comes, "coming")
    async with Worker(ms, [works], Terms(grace=0)):
        working = await ms.start(works, "working")
        await executions.is_stuck.wait()
        await until(lambda: ledger.status(working) == "running")
        lost = ledger.lose_the_queue()

    caller = Caller.at(database, tenant)
    assert caller.call("rebuild_workflow_queue") == len(lost) == 6
    assert caller.call("rebuild_workflow_queue") == 0
    rebuilt = ledger.queue()
    states = {
        run: (lost[run.run_id]["state"], rebuilt[run.run_id]["state"])
        for run in (asking, asked, sleeping, changed, coming, working)
    }
    assert states == {
        asking: ("waiting", "waiting"), asked: ("ready", "ready"), sleeping: ("waiting", "waiting"),
        changed: ("paused", "paused"), coming: ("ready", "ready"), working: ("owned", "ready"),
    }  # fmt: skip
    for run_id, row in rebuilt.items():
        before = lost[run_id]
        alike = ("org_id", "queue", "priority", "signals")
        assert [row[name] for name in alike] == [before[name] for name in alike]
        assert row["epoch"] > before["epoch"] + 1000, "no earlier owner writes"
    for waiting in (asking, sleeping):
        for name in ("due_at", "waiting_for"):
            assert rebuilt[waiting.run_id][name] == lost[waiting.run_id][name]

    clock.advance(seconds=3700)
    await ms.resume(changed.run_id)
    async with Worker(ms, [asks, sleeps, works, changes, comes]):
        await ms.signal(asking.run_id, "verdict", "no")
        results = await asyncio.wait_for(
            asyncio.gather(*(run.result() for run in (asking, asked, sleeping, changed, coming, working))), 20
        )
    assert results == [
        ["asking", "no", "asking again"], ["asked", "yes", "asked again"], ["sleeping"],
        ["changed", "yes"], ["coming"], ["working first", "working"],
    ]  # fmt: skip
    assert ledger.queue() == {}
    again = [name for name in executions.names if executions.names.count(name) > 1]
    assert again == ["working", "working"], "only the step that was under way ran again"


async def test_a_rebuild_makes_only_the_rows_that_are_missing_and_only_the_tenants(
    database: Database, tenant: Tenant, other_tenant: Tenant, ledger: Ledger, ms: Mainstem
) -> None:
    kept, lost = await ms.start("intake"), await ms.start("intake")
    async with Mainstem(database.url, org_id=other_tenant.org_id) as other:
        foreign = await other.start("intake")
    over = await ms.start("intake")
    await ms.cancel(over.run_id)
    Caller.at(database, tenant).start_run()
    ledger.conn.execute("delete from mainstem.user_workflow_run_queue where run_id <> %s", [kept.run_id])
    before = ledger.queue()
    assert Caller.at(database, tenant).call("rebuild_workflow_queue") == 1
    assert set(ledger.queue()) == {kept.run_id, lost.run_id}
    assert ledger.queue()[kept.run_id] == before[kept.run_id]
    assert (
        Caller(database, tenant, database.connect("mainstem_worker", None)).call("rebuild_workflow_queue")
        == 1
    )
    assert foreign.run_id in ledger.queue()
