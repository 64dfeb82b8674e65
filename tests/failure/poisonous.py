"""A workflow that kills its worker, and one beside it that does not: `mainstem worker poisonous`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from mainstem import ONCE, step, wait_for_signal, workflow

ANTIDOTE = "MAINSTEM_TEST_ANTIDOTE"
"""A file: while it is not there, the worker is killed."""


@step(retry=ONCE)
async def read(page: int) -> int:
    return page


@step(retry=ONCE)
def swallow() -> str:
    if not Path(os.environ[ANTIDOTE]).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


@workflow("poisonous")
async def poisonous() -> str:
    await read(1)
    return await swallow()


@workflow("harmless")
async def harmless() -> str:
    await read(1)
    return str(await wait_for_signal("go"))
