"""Lanes: the branches of one gather or map, as many at once as may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from mainstem.engine.branches import Branch, Left, here
from mainstem.engine.waits import Waits

Code = Callable[[int], Coroutine[Any, Any, Any]]
"""Gives the code of the n-th branch, from 0; called when its turn comes."""


@dataclass
class Lanes:
    """`await lanes.run(code, count, limit)`: results in order. All branches run to their end; then the first error, by
    place, is raised.

    may_go_on: raises what ends the run's code here, when something does: no further branch begins then.
    at_end: told of each branch whose code has returned.
    """

    parent: Branch
    waits: Waits
    may_go_on: Callable[[], Any]
    at_end: Callable[[Branch, str], None]
    _results: dict[int, Any] = field(default_factory=dict)
    _next: int = 0
    _open: int = 0

    async def run(self, code: Code, count: int, limit: int) -> list[Any]:
        self.parent.gathers += 1
        self._open = min(count, limit)
        self.waits.going_on += self._open - 1  # the branch that gathers gives its place to the first lane
        lanes = [self._lane(code, count) for _ in range(self._open)]
        told = await asyncio.gather(*lanes, return_exceptions=True)
        told += (self._results[n] for n in sorted(self._results))
        for one in sorted(told, key=lambda one: not isinstance(one, Left)):
            if isinstance(one, BaseException):
                raise one
        return [self._results[n] for n in range(count)]

    async def _lane(self, code: Code, count: int) -> None:
        try:
            while self._next < count:
                self.may_go_on()
                n = self._next
                self._next += 1
                [self._results[n]] = await asyncio.gather(self._begun(code, n), return_exceptions=True)
        finally:
            self._open -= 1
            if self._open:  # the last one gives its place back to the branch that gathered
                self.waits.going_on -= 1
                self.waits.look_again()

    def _begun(self, code: Code, n: int) -> asyncio.Task[Any]:
        branch = self.parent.branch(n)
        context = copy_context()
        context.run(here.set, branch)
        branch.task = asyncio.get_running_loop().create_task(self._to_end(code, n, branch), context=context)
        return branch.task

    async def _to_end(self, code: Code, n: int, branch: Branch) -> Any:
        result = await code(n)
        self.at_end(branch, "the end of its branch")
        return result
