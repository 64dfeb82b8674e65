"""Threads for plain functions: one each, so that however many block, none waits for another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T]) -> T:
    """What `function` gives, run in the caller's context. Whoever stops waiting does not stop it; its result is
    dropped then. No process waits for it on its way out.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(tell: Callable[[Any], None], outcome: Any) -> None:
        if not done.done():
            tell(outcome)

    def run() -> None:
        try:
            told: tuple[Callable[[Any], None], Any] = done.set_result, context.run(function)
        except StopIteration as stop:  # no future takes one
            told = done.set_exception, RuntimeError(f"the function raised {stop!r}")
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is waited for)
            told = done.set_exception, error
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(settle, *told)

    context = copy_context()
    threading.Thread(target=run, name="mainstem step", daemon=True).start()
    return await done
