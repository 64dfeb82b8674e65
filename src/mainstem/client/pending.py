"""Pending: a verb of the client that was said and not yet done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Pending(Generic[T]):
    """`await` it, or `.wait()` for it in code that is not async. Nothing is asked before either."""

    def __init__(
        self, ask: Callable[[], Coroutine[Any, Any, T]], background: Callable[[], asyncio.AbstractEventLoop]
    ) -> None:
        self._ask = ask
        self._background = background

    def __await__(self) -> Generator[Any, Any, T]:
        return self._ask().__await__()

    def wait(self) -> T:
        """Do it now, from code that is not async."""
        return asyncio.run_coroutine_threadsafe(self._ask(), self._background()).result()
