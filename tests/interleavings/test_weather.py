"""Everybody at once for a while: workers that fall silent, reapers, people who start, set, signal and cancel."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from manual_worker import ManualWorker, ending, manual_workers, step, wait
from psycopg.types.json import Jsonb
from sessions import Session, eventually, sessions, start_engine_runs, start_record

from conftest import Database, Tenant
from mainstem.ledger.records import Record
from mainstem.model import ClaimedRun

LASTS = 4.0
"""Seconds of weather; then nothing new comes, and every run is to end."""
LEASE = 1.0
SILENCE = 1.4 * LEASE
STEPS = 6
WAITING = 4
"""Of each run's steps the fourth waits for a signal, half a second at most."""
CANCELLED = 0
"""In the place of the next step's number: the run is to end as cancelled."""


class Reaped(Exception):
    """This incarnation is over."""


@dataclass
class Sky:
    """The weather, and what the ledger has acknowledged to those under it."""

    began: float = field(default_factory=time.monotonic)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[UUID] = field(default_factory=list)
    steps: dict[tuple[UUID, int], str] = field(default_factory=dict)
    keys: dict[tuple[UUID, str], int] = field(default_factory=dict)
    acknowledged_twice: list[tuple[UUID, int]] = field(default_factory=list)
    reaped: int = 0
    fenced: int = 0

    @property
    def is_fair(self) -> bool:
        return time.monotonic() > self.began + LASTS

    def acknowledge(self, run: ClaimedRun, number: int) -> None:
        if (run.run_id, number) in self.steps:
            self.acknowledged_twice.append((run.run_id, number))
        self.steps[run.run_id, number] = f"epoch {run.epoch}"


@dataclass
class Hand:
    """One who works: incarnation after incarnation, on one connection, silent at its times."""

    worker: ManualWorker
    sky: Sky
    silences: list[float]

    async def work(self) -> None:
        while not self.sky.is_over.is_set():
            try:
                batch = await self.worker.claim(8)
                await self._conduct({run.run_id: (run, self._next(run)) for run in batch})
                await self.worker.heartbeat()
            except Reaped:
                await self._begin_anew()
            except psycopg.Error as refused:
                if refused.sqlstate != "MS002":
                    raise
                await self._begin_anew()
            await asyncio.sleep(random.uniform(0, 0.02))

    async def _begin_anew(self) -> None:
        self.worker = ManualWorker(self.worker.session, self.worker.oids)
        await self.worker.register(LEASE)

    async def _conduct(self, batch: dict[UUID, tuple[ClaimedRun, int]]) -> None:
        """The next thing of every run, in one flush, until none has a next."""
        while batch:
            await self._pause()
            answers = await self.worker.answers(
                *(self._record(run, number) for run, number in batch.values())
            )
            said: dict[UUID | None, set[str]] = {}
            for answer in answers:
                said.setdefault(answer["run_id"], set()).add(answer["answer"])
            if None in said:
                self.sky.fenced += len(batch)
                raise Reaped
            for run, number in list(batch.values()):
                self._follow(batch, run, number, said.get(run.run_id, set()))
            for request in await self.worker.heartbeat():
                if request.cancel_requested and request.run_id in batch:
                    batch[request.run_id] = batch[request.run_id][0], CANCELLED

    async def _pause(self) -> None:
        if self.silences and time.monotonic() > self.sky.began + self.silences[0]:
            self.silences.pop(0)
            await asyncio.sleep(SILENCE)
        await asyncio.sleep(random.uniform(0, 0.01))

    def _record(self, run: ClaimedRun, number: int) -> Record:
        if number == CANCELLED:
            return ending(run, "cancelled", error_message="asked to")
        if number > STEPS:
            return ending(run)
        if number == WAITING:
            return wait(run, "verdict", number, seconds=0.5)
        return step(run, number, output=json.dumps(f"epoch {run.epoch}").encode())

    def _follow(
        self, batch: dict[UUID, tuple[ClaimedRun, int]], run: ClaimedRun, number: int, said: set[str]
    ) -> None:
        if said & {"lost", "suspended"} or (number in (CANCELLED, STEPS + 1) and not said):
            del batch[run.run_id]
        elif "cancel" in said:
            batch[run.run_id] = run, CANCELLED
        elif not said & {"busy", "open"}:
            if number != WAITING:
                self.sky.acknowledge(run, number)
            batch[run.run_id] = run, number + 1

    def _next(self, run: ClaimedRun) -> int:
        """The first number that is not recorded; what was acknowledged must be there."""
        recorded = {s.step_number: s.output_data for s in run.steps if s.status == "completed"}
        missing = {
            number: token
            for (run_id, number), token in self.sky.steps.items()
            if run_id == run.run_id and recorded.get(number) != token
        }
        assert not missing, f"acknowledged and gone: {missing}"
        return min(set(range(1, STEPS + 2)) - set(recorded))


async def reap(worker: ManualWorker, sky: Sky) -> None:
    while not sky.is_over.is_set():
        workers, _ = await worker.reap()
        sky.reaped += workers
        await asyncio.sleep(random.uniform(0, 0.05))


async def start(session: Session, sky: Sky, tenant: Tenant) -> None:
    while not sky.is_fair:
        records = [start_record(tenant, priority=random.randint(0, 2)) for _ in range(random.randint(1, 6))]
        sky.runs += [run_id for run_id, _ in await start_engine_runs(session, *records)]
        await asyncio.sleep(random.uniform(0, 0.06))


async def meddle(
    session: Session, sky: Sky, how: Callable[[Session, Sky, UUID], Coroutine[Any, Any, None]]
) -> None:
    """A transaction in one run after the other, each open for a while; a run that is over takes nothing."""
    while not sky.is_fair:
        if sky.runs:
            await session.begin()
            try:
                await how(session, sky, random.choice(sky.runs[-60:]))
            except psycopg.Error as refused:
                await session.rollback()
                if refused.sqlstate != "MS003":
                    raise
        await asyncio.sleep(random.uniform(0, 0.02))


async def set_and_signal(session: Session, sky: Sky, run_id: UUID) -> None:
    key, value = f"key {len(sky.keys)} {id(session)}", random.randint(0, 9)
    await session.call("set_workflow_context", run_id, key, Jsonb(value))
    await session.call("send_workflow_signal", run_id, "verdict", Jsonb("yes"))
    await asyncio.sleep(random.uniform(0, 0.03))
    await session.commit()
    sky.keys[run_id, key] = value


async def cancel(session: Session, sky: Sky, run_id: UUID) -> None:
    await session.call("cancel_workflow_run", run_id, "asked to")
    await asyncio.sleep(random.uniform(0, 0.03))
    await session.commit()
    await asyncio.sleep(0.1)


async def until_all_ended(session: Session, sky: Sky) -> None:
    none_left = "select not exists (select from mainstem.user_workflow_run_queue)"
    await asyncio.sleep(LASTS)
    await eventually(lambda: session.value(none_left), seconds=60)
    sky.is_over.set()


async def test_under_all_weather_nothing_is_lost_nothing_doubled_and_nobody_deadlocks(
    database: Database, tenant: Tenant
) -> None:
    sky = Sky()
    async with manual_workers(database, 6, ttl=LEASE) as workers, sessions(database, 5) as users:
        silences = [[0.2 + 0.3 * n, 2.0 + 0.3 * n] for n in range(4)]
        hands = [Hand(worker, sky, times).work() for worker, times in zip(workers[:4], silences, strict=True)]
        await asyncio.wait_for(
            asyncio.gather(
                *hands,
                *(reap(worker, sky) for worker in workers[4:]),
                start(users[0], sky, tenant),
                meddle(users[1], sky, set_and_signal),
                meddle(users[2], sky, set_and_signal),
                meddle(users[3], sky, cancel),
                until_all_ended(users[4], sky),
            ),
            60,
        )
    print(
        f"{len(sky.runs)} runs, {len(sky.steps)} steps, {sky.reaped} workers reaped, {sky.fenced} writes fenced"
    )
    assert (len(sky.runs) > 50, sky.reaped >= 6, sky.fenced >= 4) == (True, True, True), "that was no weather"
    assert sky.acknowledged_twice == []
    assert recorded(database) == sky.steps
    assert context(database, sky) == sky.keys
    ended = database.rows(
        "select r.status, count(*) as runs, min(s.steps) as fewest_steps from mainstem.user_workflow_run r, lateral"
        " (select count(*) as steps from mainstem.user_workflow_run_step s where s.run_id = r.run_id and s.status = 'completed') s"
        " group by r.status order by r.status desc"
    )
    assert [row["status"] for row in ended] == ["completed", "cancelled"]
    assert (sum(row["runs"] for row in ended), ended[0]["fewest_steps"]) == (len(sky.runs), STEPS)
    assert database.value("select deadlocks from pg_stat_database where datname = current_database()") == 0


def recorded(database: Database) -> dict[tuple[UUID, int], str]:
    rows = database.rows(
        "select run_id, step_number, output_data from mainstem.user_workflow_run_step"
        " where status = 'completed' and step_number <> %s",
        WAITING,
    )
    return {(row["run_id"], row["step_number"]): row["output_data"] for row in rows}


def context(database: Database, sky: Sky) -> dict[tuple[UUID, str], int]:
    rows = database.rows("select run_id, key, value from mainstem.user_workflow_run, jsonb_each(context)")
    return {(row["run_id"], row["key"]): row["value"] for row in rows}
