"""Cancellation that a library loses on its way.

A task that is cancelled in the moment in which what it waits for comes goes on as if nobody had cancelled it where
it waits by `asyncio.wait_for` of Python 3.11, as psycopg's pool does; and one whose query is given up ends in the
server's answer to that where the answer comes a statement late. `Task.cancelling()` knows better than both.
"""

from __future__ import annotations

import asyncio


def times_cancelled() -> int:
    """How often somebody asked the present task to stop, and was not told since that it goes on; 0 outside of tasks."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # there is no event loop
        return 0
    return 0 if task is None else task.cancelling()


def heed_cancellation(*, since: int) -> None:
    """Raise CancelledError when somebody asked the present task to stop since `times_cancelled` gave this."""
    if times_cancelled() > since:
        raise asyncio.CancelledError
