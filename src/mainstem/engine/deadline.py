"""Deadlines: a run's own time-out, kept by its worker while it has the run; the ledger keeps it while nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from mainstem.engine.conduct import Conduct
from mainstem.errors import LeaseLost
from mainstem.ledger import queue
from mainstem.ledger.call import Call
from mainstem.ledger.records import EndingRecord

Ask = Callable[[Call[Any]], Awaitable[Any]]


async def to_its_end(conduct: Conduct, worker_id: UUID, ask: Ask) -> EndingRecord | None:
    """`conduct.to_its_end()`, interrupted when the run's time is over. A run without a time-out asks nothing."""
    timeout = conduct.workflow.timeout
    if timeout is None:
        return await conduct.to_its_end()
    try:
        left = await ask(queue.deadline(worker_id, conduct.run, timeout))
    except LeaseLost:
        return None
    reason = f"the run took longer than {timeout:g} s"
    if left <= 0:
        return await conduct.end("timeout", reason)
    timer = asyncio.get_running_loop().call_later(left, partial(conduct.cancel, reason, ends_as="timeout"))
    try:
        return await conduct.to_its_end()
    finally:
        timer.cancel()
