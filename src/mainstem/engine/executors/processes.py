"""Processes of a worker for functions that compute: side by side, and stopped when they are to stop."""

from __future__ import annotations

import asyncio
import atexit
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from mainstem.engine.executors.child import serve
from mainstem.engine.executors.room import Amounts, Room
from mainstem.errors import ExecutorLost
from mainstem.flow.executors import StepCall, Tell, retell, timed_out
from mainstem.flow.threads import in_thread

SPAWN = multiprocessing.get_context("spawn")
"""A forked child would have the worker's connections, and locks that nobody there gives back."""


class Child:
    """A process that serves, ready for a call. To be made and asked in a thread: both wait."""

    def __init__(self) -> None:
        self._pipe, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=serve, args=(theirs,), name="mainstem step", daemon=False)
        self._process.start()
        theirs.close()
        self.calls = 0
        self.is_free = True
        self.has_begun = False
        self._heard()

    @property
    def name(self) -> str:
        return f"process {self._process.pid}"

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, packed: bytes, begun: Callable[[], object], tell: Tell) -> bytes:
        """The JSON text of what the function gave; raises what it raised, or ExecutorLost."""
        self.calls += 1
        self.is_free = self.has_begun = False
        with suppress(BrokenPipeError):  # why is heard in the next line
            self._pipe.send_bytes(packed)
        while True:
            match self._heard():
                case "begun", ():
                    self.has_begun = True
                    begun()
                case "done", (output,):
                    self.is_free = True
                    return output  # type: ignore[no-any-return]
                case "raised", (raised,):
                    self.is_free = True
                    raise raised.error(self.name)
                case kind, told:
                    tell(kind, told)

    def kill(self) -> None:
        """End it at once, and what its step began; from any thread, more than once."""
        if self.is_alive and self._process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()  # when it had no group of its own yet

    def _heard(self) -> tuple[str, tuple[Any, ...]]:
        try:
            return self._pipe.recv()  # type: ignore[no-any-return]
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise ExecutorLost(
                f"{self.name} of the step ended {_told(self._process.exitcode)} before the step did",
                hint="was it out of memory? A worker's own script starts it below `if __name__ == '__main__':`",
            ) from None


class ProcessPool:
    """Up to so many processes, each made when it is needed and used again.

    A call that is cancelled or takes too long ends its process, with whatever that has begun; one whose process dies
    fails with ExecutorLost; both leave the others as they are. Arguments are pickled, results are JSON.

    size: steps of one cpu that run at once; the machine's cores when None. resources: further ones that steps may ask
    for ({"gpu": 1}). calls: a process ends after so many, for libraries that keep what they should give back.
    """

    def __init__(
        self, size: int | None = None, *, resources: Amounts | None = None, calls: int | None = None
    ) -> None:
        self._room = Room({"cpu": size or os.cpu_count() or 1, **(resources or {})})
        self._calls = calls
        self._users = 0
        self._idle: list[Child] = []
        self._children: set[Child] = set()

    async def start(self) -> None:
        if self._users == 0:
            atexit.register(self._kill_all)  # before multiprocessing waits for them there
        self._users += 1

    async def stop(self) -> None:
        self._users -= 1
        if self._users == 0:
            atexit.unregister(self._kill_all)
            self._kill_all()

    async def run(self, call: StepCall) -> bytes:
        packed = call.packed()
        async with self._room.taken({"cpu": 1, **call.resources}, f"step {call.name}"):
            while True:
                child = await self._child()
                try:
                    return await self._asked(child, call, packed)
                except ExecutorLost:
                    if child.has_begun or child.calls == 1:
                        raise
                    # it had died while it was idle, which could not be seen yet: the step has not begun
                finally:
                    self._back(child)

    async def _asked(self, child: Child, call: StepCall, packed: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        is_ended = False
        try:
            async with asyncio.timeout(None) as limit:

                def begin() -> None:
                    if not is_ended and call.timeout is not None:
                        limit.reschedule(loop.time() + call.timeout)

                begun = partial(loop.call_soon_threadsafe, begin)
                return await in_thread(partial(child.ask, packed, begun, partial(retell, call.info)))
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise timed_out(call.name, call.timeout) from error
        finally:
            is_ended = True

    async def _child(self) -> Child:
        while self._idle:
            if (child := self._idle.pop()).is_alive:
                return child
            self._children.discard(child)
        making = asyncio.ensure_future(in_thread(Child))
        try:
            child = await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(self._keep)
            raise
        self._children.add(child)
        return child

    def _back(self, child: Child) -> None:
        """One that is still at it, as nobody waits for it any more, is stopped."""
        if child.is_free and child.calls != self._calls and self._users:
            self._idle.append(child)
        else:
            self._children.discard(child)
            child.kill()

    def _keep(self, making: asyncio.Future[Child]) -> None:
        """Who wanted it went away while it was made."""
        if not making.cancelled() and making.exception() is None:
            self._children.add(making.result())
            self._back(making.result())

    def _kill_all(self) -> None:
        for child in self._children:
            child.kill()
        self._idle.clear()
        self._children.clear()


def _told(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"by signal {-exitcode}"
    return f"with exit code {exitcode}"
