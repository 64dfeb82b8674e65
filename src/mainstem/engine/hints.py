"""Hints: events that say that there may be something to do, and are waited for only so long."""

from __future__ import annotations

import asyncio


async def first_of(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, or so many seconds have passed."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
