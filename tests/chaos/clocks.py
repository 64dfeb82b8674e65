"""A clock that is wrong: imported before anything else, it shifts what this process takes for the time.

MAINSTEM_CLOCK: hours by which the time of day is off, to and fro every two seconds, and the hours by which monotonic time
seems to run faster for each that passes: `9 0.1`. It reaches what Python asks; C code asks the kernel itself.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from typing import Any

VARIABLE = "MAINSTEM_CLOCK"

_time, _time_ns = time.time, time.time_ns
_monotonic_ns = time.monotonic_ns
_hours, _faster = (float(given) for given in os.environ.get(VARIABLE, "0 0").split())


def _ahead() -> float:
    return _hours * 3600 * (1 if int(_time() / 2) % 2 else -1)


class _OffTime(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return dt.datetime.now(tz) + dt.timedelta(seconds=_ahead())


def shift() -> None:
    """From now on; monotonic time never goes back."""
    time.time = lambda: _time() + _ahead()
    time.time_ns = lambda: _time_ns() + int(_ahead() * 1e9)
    time.monotonic_ns = lambda: int(_monotonic_ns() * (1 + _faster))
    time.monotonic = lambda: time.monotonic_ns() / 1e9


def shift_names() -> None:
    """Modules of ours that have taken the class by its name."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("mainstem") and getattr(module, "datetime", None) is dt.datetime:
            module.datetime = _OffTime  # type: ignore[attr-defined]


if os.environ.get(VARIABLE):
    shift()
