"""Callers under the weather: they start runs, say their words, answer, take back, resume and cancel; what they are told they keep."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from checks import Heard
from mixed import SIGNALS, STARTED, drawn, lasting

from mainstem import Mainstem
from mainstem.errors import LedgerRefused, RunIsOver, StateRefused, StepIsOver, Unreachable

T = TypeVar("T")
MOST_OPEN = 80
"""Runs that are open at once."""
ALREADY = (RunIsOver, StateRefused, StepIsOver)
"""It was done before: by an earlier attempt whose answer was lost, perhaps."""


class Callers:
    """rows: reads the ledger, however long it takes until it answers."""

    def __init__(self, ms: Mainstem, rows: Callable[[str], Awaitable[list[Any]]], seed: int) -> None:
        self.ms = ms
        self.rows = rows
        self.heard = Heard()
        self.is_starting = True
        self.resumed = 0
        self._choice = random.Random(seed)
        self._words: dict[UUID, int] = {}
        self._number = 0
        self._next: list[Any] = []

    async def call_for_ever(self) -> None:
        await self._start(lasting, "for ever")
        while True:
            if self.is_starting:
                await self._start_some()
            await self.attend()
            await asyncio.sleep(0.05)

    async def _start_some(self) -> None:
        [(open_runs,)] = await self.rows(
            "select count(*) from mainstem.user_workflow_run where ended_at is null"
        )
        for _ in range(min(15, MOST_OPEN - open_runs)):
            self._number += 1
            self._next = self._next or self._choice.sample(STARTED, len(STARTED))  # all, in every round
            await self._start(self._next.pop(), f"{self._number}")

    async def _start(self, workflow: Any, name: str) -> None:
        """As a careful client does: with a key, so that asking again after a lost answer starts nothing twice."""
        key = f"member {self._choice.randrange(3)}" if workflow.name == "keyed" else None
        priority = self._choice.randrange(3)
        positional: list[str] = [] if workflow is drawn else [name]
        named: dict[str, Any] = {"name": name} if workflow is drawn else {}
        run = await self.patiently(
            lambda: self.ms.start(
                workflow, *positional, idempotency_key=name, concurrency_key=key, priority=priority, **named
            )
        )
        self.heard.started[run.run_id] = workflow.name

    async def patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except Unreachable:
                await asyncio.sleep(0.05)

    async def attend(self) -> None:
        """What people do when they look: each thing once, as far as they know."""
        for run_id, name, status, error in await self.rows(
            "select r.run_id, w.name, r.status, r.error_details ->> 'type' from mainstem.user_workflow_run r"
            " join mainstem.user_workflow w using (org_id, workflow_id) where r.status in ('waiting', 'paused')"
            " or r.status = 'failed' and w.name = 'failing'"
        ):
            if status == "failed":
                await self._ask(partial(self.ms.retry, run_id))
            elif status == "paused" and error == "PoisonedRun":
                self.resumed += 1
                await self._ask(partial(self.ms.resume, run_id))
            elif name == "unwanted":
                await self._ask(partial(self.ms.cancel, run_id, reason="no longer wanted"))
            elif name == "listener":
                await self._say(run_id)
            elif name == "asking":
                await self._answer(run_id)

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """None: it was done already."""
        try:
            return await self.patiently(ask)
        except ALREADY:
            return None

    async def _say(self, run_id: UUID) -> None:
        """The next word; once all are said, from the first again."""
        word = self._words.get(run_id, 0)
        said = await self._ask(lambda: self.ms.signal(run_id, "word", word % SIGNALS))
        if said is not None:
            self.heard.signals.add(said)
            self._words[run_id] = word + 1

    async def _answer(self, run_id: UUID) -> None:
        for (step_id,) in await self.rows(
            "select step_id from mainstem.user_workflow_run_step where node_key = 'approval:supervisor'"
            f" and status = 'waiting' and run_id = '{run_id}'"
        ):
            answer = f"{self._choice.getrandbits(64):016x}"
            try:
                if await self._ask_once(step_id, answer):
                    self.heard.answers[step_id] = answer
            except LedgerRefused:
                continue

    async def _ask_once(self, step_id: UUID, answer: str) -> bool:
        """Whether it was acknowledged; another answer is given the next time."""
        try:
            await self.ms.answer(step_id, answer)
        except Unreachable:
            return False
        return True
