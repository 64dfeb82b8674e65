"""Steps that every executor is given: the same function under each executor's name.

What a function of another process or thread is to do, or has done, is told in files: they are seen from everywhere.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainstem import (
    ONCE,
    Retry,
    Step,
    add_event,
    add_screenshot,
    report_usage,
    step,
    step_info,
    used_endpoint,
    workflow,
)

AGAIN = Retry(attempts=3, first=0.01, longest=0.02)


@dataclass(frozen=True)
class Page:
    """A value with a type of its own."""

    number: int
    text: str


class OutOfPaper(Exception):
    """An exception of the author's, which cannot be made again from its message alone."""

    def __init__(self, tray: int, *, colour: str) -> None:
        super().__init__(f"tray {tray} has no {colour} paper")
        self.colour = colour


class TooManyRequests(Exception):
    """As an HTTP client raises it."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


def turned(page: Page, *, by: int = 1) -> Page:
    return Page(page.number + by, page.text)


async def turned_later(page: Page) -> Page:
    await asyncio.sleep(0)
    return Page(page.number + 1, page.text)


def told() -> dict[str, Any]:
    add_event("looked", {"page": 1})
    add_screenshot({"url": "https://files.example.test/1.png"})
    used_endpoint("https://models.example.test")
    report_usage(tokens_in=100, tokens_out=20, cost=0.1, model="large")
    report_usage(tokens_in=50, cost=0.2, model="large")
    report_usage(tokens_in=1, model="small")
    info = step_info()
    return {
        "run_id": str(info.run_id),
        "attempt": info.attempt,
        "key": info.idempotency_key,
        "number": info.step_number,
    }


def refused(tray: int) -> None:
    raise OutOfPaper(tray, colour="blue")


def refused_often() -> None:
    raise TooManyRequests(0.05)


def not_stored() -> bytes:
    return b"bytes have no JSON form"


def large(size: int) -> str:
    return "x" * size


def slow(begun: str, done: str) -> str:
    Path(begun).write_text(str(os.getpid()))
    time.sleep(1.5)
    Path(done).touch()
    return "done"


def slow_at_first(marks: str) -> str:
    marked = Path(marks, "slow")
    if not marked.exists():
        marked.touch()
        time.sleep(20)
    return "quick"


def killed_at_first(marks: str) -> str:
    report_usage(tokens_in=1, model="large")
    marked = Path(marks, "killed")
    if not marked.exists():
        marked.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"attempt {step_info().attempt}"


def exited() -> None:
    os._exit(3)


def process() -> int:
    return os.getpid()


def overlapping(folder: str, name: str) -> int:
    """How many of its kind run while it does."""
    here = Path(folder, f"in {name}")
    here.touch()
    time.sleep(0.3)
    found = len(list(Path(folder).glob("in *")))
    here.unlink()
    return found


def met(folder: str, name: str) -> bool:
    """Whether another one is there at the same time; it waits for it."""
    Path(folder, name).touch()
    deadline = time.monotonic() + 60
    while (found := len(list(Path(folder).iterdir())) < 2) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not found


EXECUTORS = ("inline", "thread", "process", "ray")
STEPS: dict[str, dict[str, Step[..., Any]]] = {}


def _steps(executor: str) -> dict[str, Step[..., Any]]:
    def of(function: Callable[..., Any], **asked: Any) -> Step[..., Any]:
        made: Step[..., Any] = step(executor=executor, **asked)(function)
        return made

    return {
        "turned": of(turned),
        "turned_later": of(turned_later),
        "told": of(told),
        "refused": of(refused, retry=ONCE),
        "refused_often": of(refused_often, retry=AGAIN),
        "not_stored": of(not_stored, retry=AGAIN),
        "large": of(large, retry=AGAIN),
        "slow": of(slow, retry=ONCE),
        "slow_in_time": of(slow, name="slow_in_time", retry=ONCE, timeout=0.5),
        "slow_at_first": of(slow_at_first, retry=AGAIN, timeout=0.7),
        "killed_at_first": of(killed_at_first, retry=AGAIN),
        "exited": of(exited, retry=ONCE),
        "process": of(process),
        "greedy": of(process, name="greedy", retry=ONCE, resources={"cpu": 1000}),
        "met": of(met),
        "wide": of(overlapping, name="wide", resources={"cpu": 2}),
    }


STEPS.update({executor: _steps(executor) for executor in EXECUTORS})


@workflow("one-call")
async def one_call(executor: str, name: str, args: list[Any]) -> Any:
    called = STEPS[executor][name]
    given = called.parameters.read(dict(zip(called.parameters.names, args, strict=False)))
    return await called(**given)


def is_running(pid: int) -> bool:
    """Whether a process of this number does something: one that waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
