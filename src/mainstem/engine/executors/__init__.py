"""The executors of a worker, by the names that steps ask for them by."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from mainstem.engine.executors.cluster import Ray
from mainstem.engine.executors.local import Inline, Thread
from mainstem.engine.executors.processes import ProcessPool
from mainstem.errors import ExecutorMissing
from mainstem.flow.executors import StepExecutor
from mainstem.flow.program import Step

__all__ = ["Executors", "Inline", "ProcessPool", "Ray", "Thread"]


class Executors:
    """Those that were given, and the usual ones beside them; of these nothing is begun before a step asks for one."""

    def __init__(self, given: Mapping[str, StepExecutor] | None) -> None:
        usual: dict[str, StepExecutor] = {
            "inline": Inline(),
            "thread": Thread(),
            "process": ProcessPool(),
            "ray": Ray(),
        }
        self._named = usual | dict(given or {})
        self._started = AsyncExitStack()

    async def start(self) -> None:
        for executor in self._named.values():
            await executor.start()
            self._started.push_async_callback(executor.stop)

    async def stop(self) -> None:
        await self._started.aclose()

    def named_by(self, step: Step[..., Any]) -> StepExecutor | None:
        """The one that the step asks for; None for the worker's own process. Raises ExecutorMissing."""
        if step.executor is None:
            return None
        if step.executor not in self._named:
            raise ExecutorMissing(
                f"step {step.name} is to run on {step.executor!r}, and this worker has {', '.join(self._named)}",
                hint=f"Worker(..., executors={{{step.executor!r}: ...}})",
            )
        return self._named[step.executor]
