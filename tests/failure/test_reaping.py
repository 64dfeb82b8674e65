"""What a dead worker held is free for others when its lease has ended, however much it was."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import Mainstem, Worker, workflow
from mainstem.engine.worker import Terms
from mainstem.ledger import queue
from mainstem.ledger.call import perform

pytestmark = ON_ONE_SERVER

HELD = queue.MOST_FREED + 60


@workflow("held by one that died")
async def held() -> None:
    return None


@workflow("elsewhere", queue="elsewhere")
async def elsewhere() -> None:
    return None


async def test_all_runs_of_a_dead_worker_are_freed_at_one_look(
    ms: Mainstem, database: Database, clock: Clock
) -> None:
    await asyncio.gather(*(ms.start(held) for _ in range(HELD)))
    with database.connect("mainstem_worker", None) as conn:
        dead = uuid4()
        perform(conn, queue.register_worker(dead, host="h", pid=1, capabilities={}, ttl=1))
        assert len(perform(conn, queue.claim(dead, ["default"], HELD, {}))) == HELD
    clock.advance(seconds=5)
    async with Worker(ms, [elsewhere], Terms(ttl=600)):  # it looks now, and again after minutes
        await until(lambda: ready(database) == HELD)


def ready(database: Database) -> object:
    return database.value("select count(*) from mainstem.user_workflow_run_queue where state = 'ready'")
