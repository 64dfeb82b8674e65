"""Limits of queues: runs at once, of one key, and begun in a time; and that who asks for none pays for none."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from conditions import ON_ONE_SERVER, until
from conftest import Clock, Database
from mainstem import Mainstem, Terms, Worker, sleep, step, workflow
from mainstem.errors import BadArgument
from mainstem.ledger import queue, queues
from mainstem.ledger.link import Link
from mainstem.ledger.queues import Limits

now_running: Counter[str] = Counter()
most_running: Counter[str] = Counter()


@step
async def work(key: str) -> None:
    for name in ("all", key):
        now_running[name] += 1
        most_running[name] = max(most_running[name], now_running[name])
    await asyncio.sleep(0.01)
    for name in ("all", key):
        now_running[name] -= 1


@workflow("scan", queue="scans")
async def scan(key: str = "") -> None:
    await work(key)


@workflow("rest", queue="scans")
async def rest() -> None:
    await sleep(5)


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    now_running.clear()
    most_running.clear()


class Claimer:
    """A worker that is moved by hand."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.worker_id = uuid4()

    async def claim(self, wanted: int = 100) -> int:
        claimed = await self.link(queue.claim(self.worker_id, ["scans"], wanted, {}))
        return len(claimed)

    async def keys(self, wanted: int = 100) -> list[str]:
        claimed = await self.link(queue.claim(self.worker_id, ["scans"], wanted, {}))
        return sorted(run.input_data["key"] for run in claimed)

    async def leave(self) -> None:
        await self.link(queue.give_back(self.worker_id, []))


@pytest.fixture
async def claimer(database: Database) -> AsyncIterator[Claimer]:
    async with Link(database.url, role="mainstem_worker", name="test worker") as link:
        made = Claimer(link)
        await link(queue.register_worker(made.worker_id, host="test", pid=1, capabilities={}, ttl=86400))
        yield made


def limit(database: Database, **limits: Any) -> None:
    database.perform(queues.put_limits("scans", Limits(**limits)))


async def begin(ms: Mainstem, count: int, **how: Any) -> None:
    await asyncio.gather(*(ms.start(scan, how.get("concurrency_key") or "", **how) for _ in range(count)))


async def test_no_more_are_claimed_than_may_run(ms: Mainstem, database: Database, claimer: Claimer) -> None:
    limit(database, max_running=3)
    await begin(ms, 10)
    assert [await claimer.claim(), await claimer.claim()] == [3, 0]
    limit(database, max_running=5)
    assert await claimer.claim() == 2
    await claimer.leave()
    assert await claimer.claim() == 5
    database.perform(queues.lift_limits("scans"))
    assert await claimer.claim() == 5


async def test_claims_at_the_same_time_share_the_limit(ms: Mainstem, database: Database) -> None:
    limit(database, max_running=7, per_key_running=7)
    await begin(ms, 40, concurrency_key="a")
    async with AsyncExitStack() as stack:
        claimers = [
            Claimer(
                await stack.enter_async_context(
                    Link(database.url, role="mainstem_worker", name="test", size=1)
                )
            )
            for _ in range(6)
        ]
        for one in claimers:
            await one.link(queue.register_worker(one.worker_id, host="test", pid=1, capabilities={}, ttl=60))
        assert sum(await asyncio.gather(*(one.claim(4) for one in claimers))) == 7


async def test_a_key_with_many_runs_holds_up_no_other(
    ms: Mainstem, database: Database, claimer: Claimer
) -> None:
    limit(database, per_key_running=2)
    await begin(ms, 20, concurrency_key="a")
    await begin(ms, 3, concurrency_key="b")
    await begin(ms, 2)
    assert await claimer.keys() == ["", "", "a", "a", "b", "b"]
    assert await claimer.keys() == []


async def test_keys_far_behind_one_that_has_to_wait_are_found(
    ms: Mainstem, database: Database, claimer: Claimer
) -> None:
    limit(database, per_key_running=2)
    await begin(ms, 150, concurrency_key="a", priority=9)
    for key in ("b", "c"):
        await begin(ms, 3, concurrency_key=key)
    await begin(ms, 1)
    assert await claimer.keys(10) == ["", "a", "a", "b", "b", "c", "c"]


async def test_a_higher_priority_is_claimed_first_within_the_limits(
    ms: Mainstem, database: Database, claimer: Claimer
) -> None:
    limit(database, max_running=2, per_key_running=1)
    for key, priority in (("a", 0), ("b", 5), ("c", 9), ("c", 8)):
        await begin(ms, 1, concurrency_key=key, priority=priority)
    assert await claimer.keys() == ["b", "c"]


async def test_so_many_begin_in_a_time_and_the_bucket_fills_again(
    ms: Mainstem, database: Database, clock: Clock, claimer: Claimer
) -> None:
    limit(database, rate_count=6, rate_per=timedelta(minutes=1))
    await begin(ms, 20)
    assert [await claimer.claim(), await claimer.claim()] == [6, 0]
    clock.advance(seconds=20.5)
    assert await claimer.claim() == 2
    clock.advance(seconds=3600)
    assert await claimer.claim() == 6  # no more than the bucket holds


async def test_what_goes_on_needs_no_token(ms: Mainstem, database: Database, claimer: Claimer) -> None:
    limit(database, rate_count=2, rate_per=timedelta(hours=1))
    await begin(ms, 5)
    assert await claimer.claim() == 2
    await claimer.leave()
    assert await claimer.claim() == 2


async def test_limits_and_pauses_that_mean_nothing_are_refused(database: Database) -> None:
    for limits in ({"rate_count": 5}, {"max_running": -1}, {"per_key_running": 0}, {"max_running": 2**40}):
        with pytest.raises(BadArgument):
            Limits(**limits)  # type: ignore[arg-type]
    with pytest.raises(BadArgument):
        queues.put_limits("", Limits(max_running=1))


@ON_ONE_SERVER
async def test_workers_keep_within_the_limits_and_do_not_rest_while_there_is_work(
    ms: Mainstem, database: Database
) -> None:
    limit(database, max_running=4, per_key_running=2)
    async with (
        Mainstem(database.url) as other,
        Worker(ms, [scan], Terms(poll=0.5)),
        Worker(other, [scan], Terms(poll=0.5)),
    ):
        await until(lambda: database.value("select count(*) from mainstem.user_workflow_worker") == 2)
        handles = await asyncio.gather(
            *(ms.start(scan, key, concurrency_key=key) for _ in range(20) for key in "abc")
        )
        await asyncio.wait_for(asyncio.gather(*(handle.result() for handle in handles)), 30)
    assert most_running["all"] <= 4
    assert max(most_running[key] for key in "abc") <= 2
    assert most_running["all"] > 1


@ON_ONE_SERVER
async def test_a_run_that_waits_gives_its_place_to_another(ms: Mainstem, database: Database) -> None:
    limit(database, max_running=1)
    async with Worker(ms, [scan, rest], Terms(poll=0.2)):
        waiting = await ms.start(rest)
        await until(lambda: database.value("select state = 'waiting' from mainstem.user_workflow_run_queue"))
        await asyncio.wait_for((await ms.start(scan)).result(), 10)
        assert (await ms.get_run(waiting.run_id)).status == "waiting"


@ON_ONE_SERVER
async def test_a_key_is_kept_through_a_retry_and_a_rebuilt_queue(ms: Mainstem, database: Database) -> None:
    handle = await ms.start(scan, "a", concurrency_key="a", queue="other")
    kept = {"queue": "other", "concurrency_key": "a"}
    assert database.value("select metadata from mainstem.user_workflow_run") == kept
    database.rows("delete from mainstem.user_workflow_run_queue returning run_id")
    database.connect().execute("select mainstem.rebuild_workflow_queue()")
    assert database.rows("select queue, concurrency_key from mainstem.user_workflow_run_queue") == [kept]
    await ms.cancel(handle.run_id)


@ON_ONE_SERVER
async def test_a_queue_without_limits_is_claimed_from_without_a_lock_and_by_its_index(
    ms: Mainstem, database: Database, claimer: Claimer
) -> None:
    database.perform(queues.put_limits("other", Limits(max_running=1)))
    with database.connect(role=None).transaction() as held:
        held.connection.execute("select 1 from mainstem.user_workflow_queue for update")
        await begin(ms, 3)
        assert await asyncio.wait_for(claimer.claim(), 5) == 3
    conn = database.connect("mainstem_worker", None)
    conn.execute("set enable_seqscan = off")
    [row] = conn.execute(
        "explain (format json) select q.run_id from mainstem.user_workflow_run_queue q"
        " where q.queue = 'scans' and q.state = 'ready' order by q.priority desc, q.due_at limit 10 for no key update skip locked"
    ).fetchall()
    assert "queue_ready" in json.dumps(row)
    assert "Sort" not in json.dumps(row)


async def test_a_worker_wakes_when_the_next_permit_is_free_and_not_before(
    ms: Mainstem, database: Database
) -> None:
    limit(database, rate_count=2, rate_per=timedelta(seconds=1))
    async with Worker(ms, [scan], Terms(poll=60)):  # who only polled would need a minute for the third
        runs = [await ms.start(scan) for _ in range(5)]
        await asyncio.wait_for(asyncio.gather(*(run.result() for run in runs)), 15)
    begun = [row["started_at"] for row in begun_in_order(database)]
    assert (begun[-1] - begun[0]).total_seconds() > 1.3  # two at once, and three more, half a second each


async def test_a_look_without_a_permit_writes_nothing_and_says_when_there_is_one(
    ms: Mainstem, database: Database, claimer: Claimer, clock: Clock
) -> None:
    limit(database, rate_count=1, rate_per=timedelta(hours=1))
    for _ in range(2):
        await ms.start(scan)
    assert await claimer.claim() == 1
    row = "select ctid::text from mainstem.user_workflow_queue"
    before = database.value(row)
    assert await claimer.claim() == 0
    assert database.value(row) == before
    ready_in = await claimer.link(queue.ready_in(["scans"]))
    assert ready_in == pytest.approx(3600, abs=30)
    assert await claimer.link(queue.ready_in(["others"])) is None
    clock.advance(seconds=3600)
    assert (
        await claimer.link(queue.ready_in(["scans"])) is None
    )  # there is one: to be claimed, not waited for
    assert await claimer.claim() == 1
    assert await claimer.link(queue.ready_in(["scans"])) is None  # nobody is held up


def begun_in_order(database: Database) -> list[dict[str, Any]]:
    return database.rows("select started_at from mainstem.user_workflow_run order by started_at")
