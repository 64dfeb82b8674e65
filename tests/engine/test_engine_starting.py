"""Starting, and who takes a run: idempotency keys, sync code, unknown workflows, tenants, poolers, leaving."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from counted import executed, fresh_counts, gate

from conditions import ON_ONE_SERVER, until
from conftest import Database, Tenant
from mainstem import Mainstem, Terms, Worker, step, wait_for_signal, workflow
from mainstem.errors import (
    BadArgument,
    IdempotencyConflict,
    NotFound,
    UnknownWorkflow,
    UnstorableValue,
    ValueTooLarge,
)
from pooler import transaction_pooler
from servers import as_login

pytestmark = ON_ONE_SERVER

__all__ = ["fresh_counts"]


@dataclass
class Letter:
    subject: str
    pages: int = 1


@step
async def count(name: str) -> str:
    executed[name] += 1
    return name


@step
async def slow(name: str) -> str:
    executed[f"{name} begun"] += 1
    await until(gate.is_set)
    executed[name] += 1
    return name


@workflow("greeting")
async def greeting(name: str) -> str:
    return f"hello {await count(name)}"


@workflow("revised", version=3)
async def revised() -> str:
    return await count("revised")


@workflow("answer-letter", channel="efax")
async def answer_letter(letter: Letter) -> Letter:
    return Letter(f"Re: {letter.subject}", pages=letter.pages)


@workflow("unhurried")
async def unhurried(name: str) -> list[str]:
    return [await slow(name), await count("after"), await wait_for_signal("go")]


async def test_the_same_idempotency_key_gives_the_same_run(ms: Mainstem) -> None:
    async with Worker(ms, [greeting]):
        here = await ms.start(greeting, "ann", idempotency_key="letter 7")
        again = await ms.start(greeting, "ann", idempotency_key="letter 7")
        assert (here.is_new, again.is_new) == (True, False)
        assert again.run_id == here.run_id
        with pytest.raises(IdempotencyConflict):
            await ms.start(greeting, "ben", idempotency_key="letter 7")
        assert await asyncio.wait_for(again.result(), 10) == "hello ann"
    assert executed == {"ann": 1}


async def test_many_starts_of_one_key_at_once_are_one_run(ms: Mainstem) -> None:
    starts = (ms.start(greeting, "ann", idempotency_key="letter 8") for _ in range(50))
    runs = await asyncio.gather(*starts)
    assert len({run.run_id for run in runs}) == 1
    assert sum(run.is_new for run in runs) == 1


def test_sync_code_starts_and_waits(database: Database) -> None:
    with Mainstem(database.url) as ms:
        run = ms.start(answer_letter, Letter("claim", pages=3)).wait()
        with a_worker_in_a_thread(database, [answer_letter]):
            assert run.result().wait() == Letter("Re: claim", pages=3)
        recorded = ms.get_run(run.run_id).wait()
    assert (recorded.channel, recorded.input_data) == ("efax", {"letter": {"subject": "claim", "pages": 3}})


async def test_a_workflow_is_started_by_its_name(ms: Mainstem) -> None:
    with pytest.raises(UnknownWorkflow):
        await ms.start("greeting", name="ann")
    await ms.register(greeting)
    async with Worker(ms, [greeting]):
        assert await asyncio.wait_for((await ms.start("greeting", name="ann")).result(), 10) == "hello ann"


async def test_a_run_that_is_begun_by_name_has_the_version_of_the_code(
    ms: Mainstem, database: Database
) -> None:
    await ms.register(revised)
    async with Worker(ms, [revised]):
        await asyncio.wait_for((await ms.start("revised")).result(), 10)
    assert database.value("select workflow_version from mainstem.user_workflow_run") == 3


@pytest.mark.parametrize("here", [True, False])
async def test_a_start_that_cannot_be_stored_fails_alone(ms: Mainstem, here: bool) -> None:
    await ms.register(greeting)
    async with Worker(ms, [greeting] if here else [answer_letter]):
        started = await asyncio.wait_for(
            asyncio.gather(
                ms.start(greeting, "a"),
                ms.start(greeting, "b", external_id="\ud800"),
                ms.start(greeting, "c", external_id="\0"),
                ms.start(greeting, "d", external_id="x" * 300),
                ms.start(greeting, "e", channel="pigeon"),
                ms.start(greeting, "f", created_by=UUID(int=1)),
                ms.start(greeting, "g", tags=["\0"]),
                ms.start(greeting, "h", priority=2**40),
                ms.start(greeting, "i"),
                return_exceptions=True,
            ),
            10,
        )
        kinds = [type(outcome) for outcome in started]
    assert kinds[1:-1] == [
        UnstorableValue,
        UnstorableValue,
        ValueTooLarge,
        BadArgument,
        NotFound,
        UnstorableValue,
        UnstorableValue,
    ]
    assert kinds[0] is kinds[-1]
    assert len((await ms.list_runs()).runs) == 2


async def test_whoever_stops_waiting_for_a_start_leaves_a_run_that_ends(
    ms: Mainstem, database: Database
) -> None:
    await ms.register(greeting)
    async with Worker(ms, [greeting]):
        starting = asyncio.ensure_future(ms.start(greeting, "ann"))
        with database.connect(role=None).transaction() as blocked:
            blocked.connection.execute("lock table mainstem.user_workflow_run_queue in exclusive mode")
            await until(lambda: waits_for_a_lock(database))
            starting.cancel()
        await until(lambda: executed["ann"])
        await until(lambda: database.value("select count(*) from mainstem.user_workflow_run_queue") == 0)
    assert database.value("select status from mainstem.user_workflow_run") == "completed"


async def test_a_run_whose_workflow_a_worker_does_not_know_waits_for_one_that_does(
    ms: Mainstem, database: Database
) -> None:
    run = await ms.start(greeting, "ann")
    async with Worker(ms, [answer_letter], Terms(unknown=0.5)):
        await until(lambda: database.value("select state from mainstem.user_workflow_run_queue") == "waiting")
        deferred = await ms.get_run(run.run_id)
        assert (deferred.status, deferred.started_at) == ("pending", None)
        letter = await ms.start(answer_letter, Letter("meanwhile"))
        assert await asyncio.wait_for(letter.result(), 10) == Letter("Re: meanwhile")
        async with Worker(ms, [greeting]):
            assert await asyncio.wait_for(run.result(), 10) == "hello ann"


async def test_one_worker_serves_two_tenants_and_each_sees_its_own(
    ms: Mainstem, database: Database, other_tenant: Tenant
) -> None:
    async with Mainstem(database.url, org_id=other_tenant.org_id) as others, Worker(ms, [greeting]):
        mine, theirs = await ms.start(greeting, "ann"), await others.start(greeting, "ben")
        assert await asyncio.wait_for(mine.result(), 10) == "hello ann"
        assert await asyncio.wait_for(theirs.result(), 10) == "hello ben"
        with pytest.raises(NotFound):
            await ms.get_run(theirs.run_id)
        with pytest.raises(NotFound):
            await ms.signal(theirs.run_id, "go")
        assert {run.run_id for run in (await others.list_runs()).runs} == {theirs.run_id}
        steps = "select org_id from mainstem.user_workflow_run_step where run_id = %s"
        assert database.value(steps, theirs.run_id) == other_tenant.org_id


async def test_anothers_run_that_is_in_work_here_is_as_unknown_as_one_that_is_not(
    ms: Mainstem, database: Database, other_tenant: Tenant
) -> None:
    async with Mainstem(database.url, org_id=other_tenant.org_id) as others, Worker(ms, [unhurried]):
        theirs = await others.start(unhurried, "ben")
        await until(lambda: executed["ben begun"])
        with pytest.raises(NotFound):
            await asyncio.wait_for(ms.result(theirs.run_id), 10)
        gate.set()
        await others.cancel(theirs.run_id)


async def test_behind_a_transaction_pooler_everything_polls_and_works(database: Database) -> None:
    """Nothing is listened to there: the starts, the signal and the endings are found by looking."""
    with psycopg.connect(database.url, autocommit=True) as conn:
        for role in ("app", "worker"):
            conn.execute(f"drop role if exists pooled_{role}")
            conn.execute(f"create role pooled_{role} login in role mainstem_{role}")
    with (
        transaction_pooler(as_login(database.url, "pooled_app"), servers=4) as app,
        transaction_pooler(as_login(database.url, "pooled_worker"), servers=4) as working,
    ):
        async with (
            Mainstem(f"{app.url}&pooler=transaction") as ms,
            Mainstem(f"{working.url}&pooler=transaction") as workers,
            Worker(workers, [greeting, unhurried], Terms(poll=0.2, ttl=1)),
        ):
            gate.set()
            assert await asyncio.wait_for((await ms.start(greeting, "ann")).result(), 10) == "hello ann"
            run = await ms.start(unhurried, "slow")
            await ms.signal(run.run_id, "go", "gone")
            assert await asyncio.wait_for(run.result(), 10) == ["slow", "after", "gone"]
    with psycopg.connect(database.url, autocommit=True) as conn:
        conn.execute("drop role pooled_app, pooled_worker")


async def test_a_worker_that_leaves_lets_steps_end_and_gives_its_runs_to_others(
    ms: Mainstem, database: Database
) -> None:
    leaving = Worker(ms, [unhurried])
    await leaving.__aenter__()
    run = await ms.start(unhurried, "slow")
    await until(lambda: executed["slow begun"])
    left = asyncio.create_task(leaving.__aexit__())
    await asyncio.sleep(0)
    late = await ms.start(unhurried, "late")
    gate.set()
    await left
    assert executed == {"slow begun": 1, "slow": 1}
    queued = database.rows("select state, worker_id from mainstem.user_workflow_run_queue")
    assert queued == [{"state": "ready", "worker_id": None}] * 2
    async with Worker(ms, [unhurried]):
        for each, name in ((run, "slow"), (late, "late")):
            await ms.signal(each.run_id, "go", "gone")
            assert await asyncio.wait_for(each.result(), 5) == [name, "after", "gone"]
    assert executed == {"slow begun": 1, "slow": 1, "late begun": 1, "late": 1, "after": 2}


async def test_a_worker_does_not_wait_longer_than_its_grace(ms: Mainstem, database: Database) -> None:
    async with Worker(ms, [unhurried], Terms(grace=0.2)):
        run = await ms.start(unhurried, "slow")
        await until(lambda: executed["slow begun"])
    assert database.value("select state from mainstem.user_workflow_run_queue") == "ready"
    gate.set()
    async with Worker(ms, [unhurried]):
        await ms.signal(run.run_id, "go", "gone")
        assert await asyncio.wait_for(run.result(), 5) == ["slow", "after", "gone"]
    assert executed["slow begun"] == 2


async def test_a_full_worker_asks_the_database_for_nothing(ms: Mainstem, database: Database) -> None:
    """Also not while a run is due that it has no slot for."""
    async with Worker(ms, [unhurried], Terms(slots=1, poll=30, grace=0.1)):
        await ms.start(unhurried, "slow")
        await until(lambda: executed["slow begun"])
        due = await ms.start(unhurried, "due")
        conn = database.connect(role=None)
        conn.execute(
            "update mainstem.user_workflow_run_queue set state = 'waiting' where run_id = %s", [due.run_id]
        )
        conn.execute("notify mainstem_ready")
        await asyncio.sleep(0.3)
        before = transactions(database)
        await asyncio.sleep(1)
        assert transactions(database) - before < 20


def waits_for_a_lock(database: Database) -> bool:
    rows = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return bool(database.rows(rows))


def transactions(database: Database) -> int:
    database.rows("select pg_stat_force_next_flush()")
    return int(database.value("select xact_commit from pg_stat_database where datname = current_database()"))


class a_worker_in_a_thread:  # noqa: N801  (it reads as what it is)
    """A worker in an event loop of its own, as another process would have it."""

    def __init__(self, database: Database, workflows: list[Any]) -> None:
        self.database = database
        self.workflows = workflows
        self.thread = threading.Thread(target=lambda: asyncio.run(self._work()))
        self.leave = threading.Event()

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.leave.set()
        self.thread.join()

    async def _work(self) -> None:
        async with Mainstem(self.database.url) as ms, Worker(ms, self.workflows):
            await asyncio.to_thread(self.leave.wait)
