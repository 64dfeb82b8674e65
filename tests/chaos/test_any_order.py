"""Start, signal, cancel, retry, fork, skip, crash in any order: runs stand in the ledger as a model of them says."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from stories import ACTS, Story

from conditions import ON_ONE_SERVER
from conftest import Clock, Database
from mainstem import ONCE, Mainstem, Terms, Worker, sleep, step, step_info, wait_for_signal, workflow
from mainstem.engine import quarantine
from mainstem.errors import LedgerRefused

pytestmark = ON_ONE_SERVER

T = TypeVar("T")
LEASE = 10.0
EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "0"))
"""So many, at random; without it a few, always the same."""
GONE = """
truncate mainstem.user_workflow_run, mainstem.user_workflow_run_step, mainstem.user_workflow_run_queue, mainstem.user_workflow_signal,
  mainstem.user_workflow_event, mainstem.user_workflow_run_context, mainstem.user_workflow_change, mainstem.user_workflow_idempotency cascade
"""
NOT_QUIET = """
select q.run_id from mainstem.user_workflow_run_queue q join mainstem.user_workflow_run r using (run_id)
 where (q.state in ('ready', 'owned') or q.state = 'waiting' and (q.due_at <= mainstem.clock() or r.status <> 'waiting'))
"""
NOT_BEGUN = f"{NOT_QUIET} and not (q.state = 'owned' and q.run_id = any (%s))"
STANDS = """
select r.run_id, r.status, r.output_data, q.state as queued, q.worker_id, coalesce(q.signals, 0) as signals,
       (select count(*) from mainstem.user_workflow_signal s where s.run_id = r.run_id) as sent,
       (select array_agg(array[s.status, s.output_data #>> '{}'] order by s.step_number) from mainstem.user_workflow_run_step s
         where s.run_id = r.run_id) as steps,
       md5(r::text || coalesce((select string_agg(s::text, '' order by s.step_number) from mainstem.user_workflow_run_step s
                                 where s.run_id = r.run_id), '')) as digest
  from mainstem.user_workflow_run r left join mainstem.user_workflow_run_queue q using (run_id)
"""

gate = asyncio.Event()
begun: set[UUID] = set()


@step(retry=ONCE)
async def act(kind: str, number: int) -> str:
    begun.add(step_info().run_id)
    await gate.wait()
    if kind == "fail" and step_info().attempt == 1:
        raise RuntimeError(f"act {number} fails until it is retried")
    return f"{kind} {number}"


@workflow("story")
async def story(plan: list[str]) -> list[Any]:
    told: list[Any] = []
    for number, kind in enumerate(plan):
        if kind == "wait":
            told.append(await wait_for_signal("word"))
        elif kind == "rest":
            await sleep(3600)
            told.append(None)
        else:
            told.append(await act(kind, number))
    return told


@dataclass
class World:
    """A ledger with a clock, and the one loop in which all is asked of it."""

    database: Database
    clock: Clock
    runner: asyncio.Runner
    ms: Mainstem

    def ask(self, asked: Callable[[], Awaitable[T]]) -> T:
        async def ask() -> T:
            return await asked()

        return self.runner.run(ask())

    async def until_nothing(self, query: str, *parameters: Any) -> None:
        async with asyncio.timeout(60):
            while self.database.rows(query, *parameters):  # noqa: ASYNC110  (the ledger tells nobody)
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def worker(self) -> Any:
        async with Mainstem(self.database.url) as client:
            made = Worker(client, [story], Terms(ttl=LEASE, poll=0.05))
            await made.__aenter__()
            try:
                yield made
            finally:
                await made.__aexit__()

    async def work(self) -> None:
        """Until there is nothing to do."""
        gate.set()
        async with self.worker():
            await self.until_nothing(NOT_QUIET)

    async def crash(self) -> None:
        """As soon as every run that can go on is in a step."""
        gate.clear()
        begun.clear()
        async with self.worker() as worker:
            async with asyncio.timeout(60):
                while self.database.rows(NOT_BEGUN, list(begun)):  # noqa: ASYNC110  (as above)
                    await asyncio.sleep(0.01)
            worker._task.cancel()  # without a word: whoever it had waits for the lease to end
            await asyncio.gather(worker._task, return_exceptions=True)


class AnyOrder(RuleBasedStateMachine):
    """What people, workers and the clock do."""

    world: World
    done: ClassVar[Counter[tuple[str, bool]]] = Counter()
    """What was asked how often, and whether it was to be done or refused."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[UUID, Story] = {}
        self.now = 0.0
        self.words = 0
        self.stood: dict[UUID, str] = {}
        """Of runs that are over: what must not change."""

    def teardown(self) -> None:
        self.world.database.connect(role=None).execute(GONE)

    def one_of(self, choice: int, holds: Callable[[Story], object]) -> tuple[UUID, Story] | None:
        found = [(run_id, run) for run_id, run in self.runs.items() if holds(run)]
        return found[choice % len(found)] if found else None

    def asked(self, ask: Callable[[], Awaitable[T]], *, may: bool) -> T | None:
        """It is done when the model says that it may be, and else refused and nothing has changed."""
        self.done[sys._getframe(1).f_code.co_name, may] += 1
        if may:
            return self.world.ask(ask)
        with pytest.raises(LedgerRefused):
            self.world.ask(ask)
        return None

    @rule(plan=st.lists(st.sampled_from((*ACTS, "fail")), min_size=1, max_size=4))
    def start(self, plan: list[str]) -> None:
        run = self.world.ask(lambda: self.world.ms.start(story, plan))
        self.runs[run.run_id] = Story(tuple(plan))

    @rule(before=st.integers(0, 2))
    def fail(self, before: int) -> None:
        """What failed is what people have most to do with."""
        self.start(["work"] * before + ["fail"])
        self.work()

    @precondition(lambda self: self.runs)
    @rule()
    def work(self) -> None:
        self.world.ask(self.world.work)
        for run in self.runs.values():
            run.go_on(self.now)

    @precondition(lambda self: self.runs)
    @rule()
    def crash(self) -> None:
        self.world.ask(self.world.crash)
        for run in self.runs.values():
            run.go_on(self.now, is_open=False)
        self._advance(LEASE + 1)

    @rule()
    def time_passes(self) -> None:
        self._advance(4000)

    def _advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds=seconds)
        self.now += seconds

    @precondition(lambda self: self.runs)
    @rule(choice=st.integers(0, 99))
    def signal(self, choice: int) -> None:
        chosen = self.one_of(choice, bool)
        assert chosen is not None
        run_id, run = chosen
        self.words += 1
        if self.asked(lambda: self.world.ms.signal(run_id, "word", self.words), may=not run.is_over):
            run.signals.append(self.words)

    @precondition(lambda self: self.runs)
    @rule(choice=st.integers(0, 99))
    def cancel(self, choice: int) -> None:
        """One that a lost worker has is cancelled by the next, which is another story."""
        if chosen := self.one_of(choice, lambda run: not run.is_owned):
            run_id, run = chosen
            if self.asked(lambda: self.world.ms.cancel(run_id), may=not run.is_over):
                run.cancel()

    @precondition(lambda self: any(run.status == "failed" for run in self.runs.values()))
    @rule(choice=st.integers(0, 99))
    def retry(self, choice: int) -> None:
        chosen = self.one_of(choice, lambda run: run.status == "failed")
        assert chosen is not None
        run_id, run = chosen
        self.stood.pop(run_id, None)
        self.asked(lambda: self.world.ms.retry(run_id), may=True)
        run.retry()

    @precondition(lambda self: self.runs)
    @rule(choice=st.integers(0, 99))
    def retry_what_did_not_fail(self, choice: int) -> None:
        if chosen := self.one_of(choice, lambda run: run.status in ("completed", "waiting", "cancelled")):
            self.asked(lambda: self.world.ms.retry(chosen[0]), may=False)

    @precondition(lambda self: any(run.status == "failed" for run in self.runs.values()))
    @rule(choice=st.integers(0, 99), from_step=st.integers(1, 5))
    def retry_from_a_step(self, choice: int, from_step: int) -> None:
        chosen = self.one_of(choice, lambda run: run.status == "failed")
        assert chosen is not None
        run_id, run = chosen
        from_step = 1 + from_step % (len(run.steps) + 1)
        is_there = from_step <= len(run.steps)
        if self.asked(lambda: self.world.ms.retry(run_id, from_step=from_step), may=is_there):
            self.stood.pop(run_id, None)
            run.retry(from_step)

    @precondition(lambda self: any(run.status == "failed" for run in self.runs.values()))
    @rule(choice=st.integers(0, 99))
    def skip_what_failed(self, choice: int) -> None:
        chosen = self.one_of(choice, lambda run: run.status == "failed" and run.steps[-1].status == "failed")
        if chosen:
            run_id, run = chosen
            self.stood.pop(run_id, None)
            self.asked(lambda: self.world.ms.skip_step(run_id, len(run.steps)), may=True)
            run.skip()

    @precondition(lambda self: self.runs)
    @rule(choice=st.integers(0, 99), from_step=st.integers(1, 5))
    def fork(self, choice: int, from_step: int) -> None:
        if chosen := self.one_of(choice, lambda run: not run.may_be_shown):
            run_id, run = chosen
            kept = run.steps[: from_step - 1]
            may = from_step <= len(run.steps) + 1 and not any(
                s.status in ("waiting", "pending") for s in kept
            )
            made = self.asked(lambda: self.world.ms.fork(run_id, from_step=from_step), may=may)
            if made:
                self.runs[made] = run.fork(from_step)

    @precondition(lambda self: any(run.status == "paused" for run in self.runs.values()))
    @rule(choice=st.integers(0, 99))
    def resume(self, choice: int) -> None:
        chosen = self.one_of(choice, lambda run: run.status == "paused")
        assert chosen is not None
        self.asked(lambda: self.world.ms.resume(chosen[0]), may=True)
        chosen[1].resume()

    @invariant()
    def the_ledger_is_as_the_model(self) -> None:
        rows = {row["run_id"]: row for row in self.world.database.rows(STANDS)}
        assert rows.keys() == self.runs.keys()
        for run_id, run in self.runs.items():
            row = rows[run_id]
            assert row["status"] == run.status
            assert row["queued"] == self._queued(run)
            assert (row["worker_id"] is not None) == run.is_owned
            assert row["signals"] == row["sent"] == len(run.signals)
            assert _ended(row["steps"] or []) == _ended([[s.status, _text(s.output)] for s in run.steps])
            if run.status == "completed":
                assert row["output_data"] == [s.output for s in run.steps]
            if run.is_over:
                assert self.stood.setdefault(run_id, row["digest"]) == row["digest"]

    def _queued(self, run: Story) -> str | None:
        """Of a run that is not over the queue has a row; one that waits for what has come is ready at once for a signal,
        and for a time when somebody looks.
        """
        if run.is_over:
            return None
        if run.is_owned:
            return "owned"
        if run.status == "waiting":
            return "ready" if run.signals and run.steps[-1].due is None else "waiting"
        return "paused" if run.status == "paused" else "ready"


def _ended(steps: list[list[str | None]]) -> list[list[str | None]]:
    """Those that have ended, or wait: whether one that was cut short is there depends on how long it had taken."""
    return [one for one in steps if one[0] not in ("pending", "running", "cancelled")]


def _text(output: Any) -> str | None:
    return None if output is None else str(output)


@contextmanager
def world(database: Database, clock: Clock) -> Iterator[World]:
    with asyncio.Runner() as runner:
        ms = Mainstem(database.url)
        runner.run(ms.__aenter__())
        try:
            yield World(database, clock, runner, ms)
        finally:
            runner.run(ms.__aexit__())


def test_in_any_order(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "ALONE_FOR", 0.0)
    told = settings(
        max_examples=EXAMPLES or 10,
        stateful_step_count=30 if EXAMPLES else 24,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    with world(database, clock) as made:
        AnyOrder.world = made
        run_state_machine_as_test(AnyOrder, settings=told)
    print(AnyOrder.done)
    asked = {"signal", "cancel", "retry", "retry_from_a_step", "skip_what_failed", "fork"}
    assert {name for name, may in AnyOrder.done if may} >= asked
