"""Executors within the worker's process: its event loop, and threads."""

from __future__ import annotations

from functools import partial
from typing import Any

from mainstem.engine.executors.room import Amounts, Room
from mainstem.flow.executors import StepCall, performed, within
from mainstem.flow.threads import in_thread
from mainstem.flow.values import dumped


class Inline:
    """The worker's event loop: what an async function has anyway. A plain one holds up every run of the worker."""

    def __init__(self, resources: Amounts | None = None) -> None:
        self._room = Room(resources or {})

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def run(self, call: StepCall) -> bytes:
        async with self._room.taken(call.resources, f"step {call.name}"):
            result = await within(call.timeout, call.name, self._called(call))
            return dumped(result, f"the output of step {call.name}")

    async def _called(self, call: StepCall) -> Any:
        result = call.step.function(*call.args, **call.kwargs)
        return await result if call.step.is_async else result


class Thread:
    """A thread for each call: what a plain function has anyway. An async one gets a loop of its own in it.

    A thread cannot be stopped: after a time-out or a cancel it goes on, and what it gives is dropped.
    """

    def __init__(self, resources: Amounts | None = None) -> None:
        self._room = Room(resources or {})

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing that could be ended."""

    async def run(self, call: StepCall) -> bytes:
        async with self._room.taken(call.resources, f"step {call.name}"):
            running = in_thread(partial(performed, call.step.function, call.args, call.kwargs, call.name))
            output: bytes = await within(call.timeout, call.name, running)
            return output
