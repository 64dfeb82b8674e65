"""Bulk: the same asked of every run that a filter finds, in bounded batches; or first only how many, and which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mainstem.ledger.amending import MOST_AT_ONCE, Action, Asked, ask_of_runs
from mainstem.ledger.call import Call
from mainstem.ledger.search import Count, Query, count_runs, find_runs
from mainstem.model import FoundPage, FoundRun

SHOWN = 10
"""Runs that a plan shows."""

Ask = Callable[[Call[Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many runs a filter finds, and the first of them, latest first. Nothing was asked of them."""

    matched: Count
    first: list[FoundRun]


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some runs. next: from where the next batch goes on; None: these were the last."""

    asked: list[Asked]
    next: str | None

    @property
    def done(self) -> int:
        return len(self.asked) - len(self.refused)

    @property
    def refused(self) -> list[Asked]:
        return [one for one in self.asked if one.answer == "refused"]


async def plan(ask: Ask, query: Query, *, budget: float = 5.0) -> Plan:
    """What would be asked of whom."""
    matched: Count = await ask(count_runs(query, budget=budget))
    page: FoundPage = await ask(find_runs(query, limit=SHOWN, budget=budget))
    return Plan(matched, page.runs)


async def page_of(
    ask: Ask, query: Query, *, most: int, after: str | None, budget: float = 5.0
) -> tuple[list[UUID], str | None]:
    """Ids of the next runs, latest first, and where the page after begins.

    A run that no longer matches once it was asked is behind the page: none is passed over for it.
    """
    page: FoundPage = await ask(find_runs(query, limit=most, after=after, budget=budget))
    return [run.run_id for run in page.runs], page.next


async def batches(
    ask: Ask, action: Action, query: Query, *, reason: str | None = None
) -> AsyncIterator[Batch]:
    """Ask it of all."""
    following: str | None = None
    while True:
        run_ids, following = await page_of(ask, query, most=MOST_AT_ONCE, after=following)
        yield Batch(await ask(ask_of_runs(action, run_ids, reason)), following)
        if following is None:
            return
