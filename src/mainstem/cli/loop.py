"""The event loop of a command: uvloop's where it is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, in uvloop's event loop where the extra `fast` has brought it."""
    if find_spec("uvloop") is None:
        asyncio.run(work)
    else:
        import uvloop

        uvloop.run(work)
